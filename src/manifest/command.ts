/**
 * The shell of `lastcall inject` and `lastcall check`: files, standard input and output, exit codes. What they mean is
 * decided elsewhere, purely. Exit codes: 0 done (clean), 1 refused (errors found), 2 a mistake or an unusable input.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { readCheckArguments, readInjectArguments, type InjectArguments } from './arguments.ts'
import { beforeOf } from './before.ts'
import { inject, type Request } from './inject.ts'
import { readInput, rewritten, type Input, type ObjectChanges } from './input.ts'
import { judge } from './judge.ts'
import { removals, restorations } from './remove.ts'
import { report } from './report.ts'
import { workloadOf, type Place, type Workload } from './workload.ts'

const DONE = 0
const REFUSED = 1
const MISTAKE = 2

/** Runs `lastcall inject ARGV`; `version` is that of the image it names. Resolves to the exit code. */
export async function runInject(argv: readonly string[], version: string): Promise<number> {
  const outcome = readInjectArguments(argv)
  if (outcome.kind === 'problems') return mistake('inject', outcome.problems)
  const inputs = await readInputs(outcome.arguments.files)
  if (inputs.problems.length > 0) return mistake('inject', inputs.problems)
  return outcome.arguments.remove
    ? takeOut(outcome.arguments, inputs.read)
    : putIn(outcome.arguments, inputs.read, `ghcr.io/lastcall/lastcall:${version}`)
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

type Changed = Place & ObjectChanges

function putIn(asked: InjectArguments, inputs: readonly Input[], defaultImage: string): number {
  const places = placesOf(inputs)
  const chosen = choose(places, asked.names)
  if (chosen.problems.length > 0) return mistake('inject', chosen.problems)
  const request: Request = { ...asked.request, defaultImage }
  const why: string[] = []
  const changed: Changed[] = []
  const remarks: string[] = []
  for (const workload of chosen.workloads) {
    const injection = inject(workload, places, request)
    if (injection.kind === 'refused') why.push(...injection.why)
    else {
      changed.push(...injection.changes)
      remarks.push(...injection.remarks)
    }
  }
  if (why.length > 0) return refused(why)
  for (const remark of new Set(remarks)) say([`lastcall inject: ${remark}`])
  return print(inputs, changed)
}

function takeOut(asked: InjectArguments, inputs: readonly Input[]): number {
  const places = placesOf(inputs)
  const chosen = choose(places, asked.names)
  if (chosen.problems.length > 0) return mistake('inject', chosen.problems)
  const items = new Set(chosen.workloads.map(({ item }) => item))
  const wanted = (place: Place) => workloadOf(place) === undefined || items.has(place.item)
  const texts = inputs.map((input) => {
    const own = places.filter((place) => place.input === input)
    const removed = own
      .filter(wanted)
      .map(({ item }) => ({ item, changes: removals({ input, item }, places) }))
    return restored(rewritten(input, removed), own, wanted)
  })
  process.stdout.write(texts.reduce(joined))
  return DONE
}

/** The text of an input after the removals, with all restored that its objects had written down before. */
function restored(text: string, old: readonly Place[], wanted: (place: Place) => boolean): string {
  const reading = readInput('', text)
  if (reading.kind === 'bad') return text
  const { input } = reading
  const all = input.objects.map((item, i) => {
    const before = wanted(old[i]!) ? beforeOf(old[i]!.item.value) : {}
    return { item, changes: restorations({ input, item }, before) }
  })
  return rewritten(input, all)
}

/** The workloads with these names, or all; a name may be `web` or `deployment/web`. */
function choose(
  places: readonly Place[],
  names: readonly string[],
): { workloads: Workload[]; problems: string[] } {
  const workloads = places.flatMap((place) => workloadOf(place) ?? [])
  if (workloads.length === 0)
    return {
      workloads,
      problems: [
        'no workload in the input: give it a Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod, Rollout, Job or CronJob',
      ],
    }
  const problems = names
    .filter((asked) => !workloads.some((one) => fits(one, asked)))
    .map(
      (asked) =>
        `--name ${asked}: no such workload in the input; there is ${workloads.map(({ title }) => title).join(', ')}`,
    )
  const chosen =
    names.length === 0 ? workloads : workloads.filter((one) => names.some((asked) => fits(one, asked)))
  return { workloads: chosen, problems }
}

function fits({ kind, name }: Workload, asked: string): boolean {
  return asked === name || asked.toLowerCase() === `${kind}/${name}`.toLowerCase()
}

/** All inputs, changed or not, as one stream of documents. */
function print(inputs: readonly Input[], changed: readonly Changed[]): number {
  try {
    const texts = inputs.map((input) =>
      rewritten(
        input,
        changed.filter((one) => one.input === input),
      ),
    )
    process.stdout.write(texts.reduce(joined))
    return DONE
  } catch (error) {
    return refused([(error as Error).message])
  }
}

function joined(a: string, b: string): string {
  const start = a.endsWith('\n') ? a : `${a}\n`
  return /^(%|---)/.test(b) ? start + b : `${start}---\n${b}`
}

function placesOf(inputs: readonly Input[]): Place[] {
  return inputs.flatMap((input) => input.objects.map((item) => ({ input, item })))
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

function refused(why: readonly string[]): number {
  say(['lastcall inject: nothing was changed', ...why.map((one) => `  ${one}`)])
  return REFUSED
}

function say(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`)
}
