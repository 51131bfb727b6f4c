/**
 * The shell of `lastcall inject` and `lastcall check`: files, standard input and output, exit codes. What they mean is
 * decided elsewhere, purely. Exit codes: 0 done (clean), 1 refused (errors found), 2 a mistake or an unusable input,
 * 3 done, but something was left out.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { readCheckArguments, readInjectArguments } from './arguments.ts'
import { readInput, type Input } from './input.ts'
import { judge } from './judge.ts'
import { report } from './report.ts'
import { placesOf, putIn, takeOut, type Left } from './whole.ts'

const DONE = 0
const REFUSED = 1
const MISTAKE = 2
const LEFT_OUT = 3

/** Runs `lastcall inject ARGV`; `version` is that of the image it names. Resolves to the exit code. */
export async function runInject(argv: readonly string[], version: string): Promise<number> {
  const outcome = readInjectArguments(argv)
  if (outcome.kind === 'problems') return mistake('inject', outcome.problems)
  const inputs = await readInputs(outcome.arguments.files)
  if (inputs.problems.length > 0) return mistake('inject', inputs.problems)
  const { arguments: asked } = outcome
  const result = asked.remove
    ? takeOut(inputs.read, asked.names)
    : putIn(
        inputs.read,
        asked.names,
        { ...asked.request, defaultImage: `ghcr.io/lastcall/lastcall:${version}` },
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
      say([`lastcall inject: ${result.left.length} left out, the rest is done`, ...leftOut(result.left)])
      return LEFT_OUT
    default:
      return result satisfies never
  }
}

/** What was left out, and the line to run for it. */
function leftOut(left: readonly Left[]): string[] {
  return left.flatMap(({ why, line }) => [...why.map((one) => `  ${one}`), `    ${line}`])
}

/** Runs `lastcall check ARGV`. Resolves to the exit code. */
export async function runCheck(argv: readonly string[]): Promise<number> {
  const outcome = readCheckArguments(argv)
  if (outcome.kind === 'problems') return mistake('check', outcome.problems)
  const inputs = await readInputs(outcome.arguments.files)
  if (inputs.problems.length > 0) return mistake('check', inputs.problems)
  const places = placesOf(inputs.read)
  const findings = judge(places)
  const said = report(findings, outcome.arguments.format, places.length)
  if (said !== '') process.stdout.write(`${said}\n`)
  return findings.some(({ rule }) => rule.severity === 'error') ? REFUSED : DONE
}

async function readInputs(files: readonly string[]): Promise<{ read: Input[]; problems: string[] }> {
  const read: Input[] = []
  const problems: string[] = []
  if (files.length === 0 && process.stdin.isTTY)
    return { read, problems: ['no input: give files with -f, or pipe a manifest into it'] }
  for (const file of files.length === 0 ? ['-'] : files.flatMap(expand)) {
    try {
      const text = file === '-' ? await readAll(process.stdin) : readFileSync(file, 'utf8')
      const reading = readInput(file === '-' ? 'stdin' : file, text)
      if (reading.kind === 'input') read.push(reading.input)
      else problems.push(reading.why)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      problems.push(`${file}: ${code === 'ENOENT' ? 'no such file' : message}`)
    }
  }
  return { read, problems }
}

/** A folder stands for the manifests in it. */
function expand(file: string): string[] {
  if (file === '-' || statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true) return [file]
  const names = readdirSync(file).filter((name) => /\.(ya?ml|json)$/.test(name))
  return names.toSorted().map((name) => join(file, name))
}

function mistake(command: string, problems: readonly string[]): number {
  const title = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`
  say([`lastcall: ${title}`, ...problems.map((one) => `  ${one}`), `See lastcall ${command} --help`])
  return MISTAKE
}

function say(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`)
}
