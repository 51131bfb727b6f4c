/**
 * The shell of `lastcall inject` and `lastcall check`: files, standard input and output, exit codes. Pure files decide
 * everything else. Exit codes: 0 done (no errors found), 1 refused (errors found), 2 invalid command line or input,
 * 3 done, but something was left out.
 */
import { randomBytes } from 'node:crypto'
import { readCheckArguments, readInjectArguments, type CheckArguments } from './arguments.ts'
import { readInputs } from './files.ts'
import { judge } from './judge.ts'
import { explained, report } from './report.ts'
import { SEVERITIES } from './rule.ts'
import { RULES } from './rules/table.ts'
import { placesOf, putIn, takeOut, type Left } from './whole.ts'
import { workloadOf } from './workload.ts'

const DONE = 0
const REFUSED = 1
const MISTAKE = 2
const LEFT_OUT = 3
/** 128 bits, which cannot be guessed. */
const TOKEN_BYTES = 16

/** Runs `lastcall inject ARGV`; `version` is that of the image it names. Resolves to the exit code. */
export async function runInject(argv: readonly string[], version: string): Promise<number> {
  const outcome = readInjectArguments(argv)
  if (outcome.kind === 'problems') return mistake('inject', outcome.problems)
  const { arguments: asked } = outcome
  const inputs = await readInputs(asked.source)
  if (inputs.problems.length > 0) return mistake('inject', inputs.problems)
  for (const one of inputs.skipped) say([`lastcall inject: ${one}`])
  const result = asked.remove
    ? takeOut(inputs.read, asked.names, asked.source.namespace)
    : putIn(
        inputs.read,
        { names: asked.names, namespace: asked.source.namespace },
        {
          ...asked.request,
          defaultImage: `ghcr.io/lastcall/lastcall:${version}`,
          newToken: asked.noToken ? undefined : () => randomBytes(TOKEN_BYTES).toString('base64url'),
        },
        asked.strict,
      )
  switch (result.kind) {
    case 'mistakes':
      return mistake('inject', result.problems)
    case 'refused':
      say(['lastcall inject: nothing was changed', ...leftOut(result.left)])
      return REFUSED
    case 'text':
      for (const remark of result.remarks) say([`lastcall inject: ${remark}`])
      process.stdout.write(result.text)
      if (result.left.length === 0) return DONE
      say([
        `lastcall inject: ${result.left.length === 1 ? '1 workload was' : `${result.left.length} workloads were`} left out, the others are done`,
        ...leftOut(result.left),
      ])
      return LEFT_OUT
    default:
      return result satisfies never
  }
}

/** The workloads that were left out, each with the reasons and the command to run. */
function leftOut(left: readonly Left[]): string[] {
  return left.flatMap(({ why, line }) => [...why.map((one) => `  ${one}`), `    ${line}`])
}

/** Runs `lastcall check ARGV`. Resolves to the exit code. */
export async function runCheck(argv: readonly string[]): Promise<number> {
  const outcome = readCheckArguments(argv)
  if (outcome.kind === 'problems') return mistake('check', outcome.problems)
  const { arguments: asked } = outcome
  if (asked.explain.length > 0) {
    process.stdout.write(`${explained(RULES.filter(({ id }) => asked.explain.includes(id)))}\n`)
    return DONE
  }
  const inputs = await readInputs(asked.source)
  if (inputs.problems.length > 0) return mistake('check', inputs.problems)
  const places = placesOf(inputs.read, asked.source.namespace)
  if (places.length === 0)
    return mistake('check', [...inputs.skipped, 'no Kubernetes object in the input: nothing was checked'])
  const findings = judge(places, { ...asked, namespace: asked.source.namespace })
  const workloads = places.filter((place) => workloadOf(place) !== undefined).length
  const judgement = { findings, objects: places.length, workloads, skipped: inputs.skipped }
  const said = report(judgement, asked.format)
  if (said !== '') process.stdout.write(`${said}\n`)
  return findings.some(({ rule }) => fails(rule.severity, asked.failOn)) ? REFUSED : DONE
}

/** SEVERITIES is ordered from severe to mild. */
function fails(severity: CheckArguments['failOn'], from: CheckArguments['failOn']): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(from)
}

function mistake(command: string, problems: readonly string[]): number {
  const title = problems.length === 1 ? '1 error' : `${problems.length} errors`
  say([`lastcall: ${title}`, ...problems.map((one) => `  ${one}`), `See lastcall ${command} --help`])
  return MISTAKE
}

function say(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`)
}
