/**
 * What inject and check make of real manifests: `node bench/manifests.ts FOLDER... [--refusals] [--findings]`. Each
 * folder with manifests directly in it counts as one input, as `kubectl apply -f` would have it.
 *
 * Prints the share of workloads with a known port that were injected (target: 85 %), the reasons of the others,
 * whether twice is once, whether --remove leaves the bytes as they were, how the time grows with the input, and what
 * check finds before and after. Exit code 1 where twice is not once or something is left behind.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readInput, type Input } from '../src/tools/manifest/input.ts'
import type { Request } from '../src/tools/manifest/request.ts'
import { judge } from '../src/tools/manifest/judge.ts'
import { RULES } from '../src/tools/manifest/rules/table.ts'
import { placesOf, putIn, takeOut, type Result } from '../src/tools/manifest/whole.ts'
import { servicePorts, servicesOf } from '../src/tools/manifest/services-of.ts'
import { portsOf, workloadOf, type Place, type Workload } from '../src/tools/manifest/workload.ts'

const TARGET = 0.85
const ALL = { names: [], namespace: undefined }
const REQUEST: Request = {
  mode: undefined,
  image: undefined,
  defaultImage: 'ghcr.io/lastcall/lastcall:0.1.0',
  container: undefined,
  bindEnv: undefined,
  bindArg: undefined,
  step: undefined,
  newToken: () => randomBytes(16).toString('base64url'),
  given: new Map(),
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    refusals: { type: 'boolean', default: false },
    findings: { type: 'boolean', default: false },
  },
})
if (positionals.length === 0) {
  console.error('usage: node bench/manifests.ts FOLDER... [--refusals] [--findings]')
  process.exit(2)
}

const counts = { folders: 0, files: 0, skipped: 0, bytes: 0, workloads: 0, known: 0, injected: 0, same: 0 }
const broken = { twice: [] as string[], removed: [] as string[], failed: [] as string[] }
const refusals = new Map<string, string[]>()
const found = { before: new Map<string, number>(), after: new Map<string, number>() }
const spent = { read: 0, inject: 0, remove: 0, check: 0 }

function timed<T>(what: keyof typeof spent, work: () => T): T {
  const start = performance.now()
  try {
    return work()
  } finally {
    spent[what] += performance.now() - start
  }
}

function textOf(result: Result): string | undefined {
  return result.kind === 'text' ? result.text : undefined
}

/** Whether somebody says on which port it listens: the manifest of a worker says none. */
function hasPort(workload: Workload, places: readonly Place[]): boolean {
  return (
    workload.containers.some((one) => one !== workload.sidecar && portsOf(one).length > 0) ||
    servicesOf(places, workload).some((service) =>
      servicePorts(service, workload).some(({ number }) => number !== undefined),
    )
  )
}

/** The inputs of a folder; what is no manifest is left out. */
function inputsOf(folder: string): Input[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name),
  )
  return files.flatMap(({ name }) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const reading = timed('read', () => readInput(join(folder, name), text))
    if (reading.kind !== 'input') {
      counts.skipped += 1
      return []
    }
    counts.files += 1
    counts.bytes += text.length
    return [reading.input]
  })
}

function tally(into: Map<string, number>, places: readonly Place[]): void {
  for (const { rule } of timed('check', () => judge(places))) {
    const name = `${rule.severity} ${rule.id}`
    into.set(name, (into.get(name) ?? 0) + 1)
  }
}

function judgeFolder(folder: string): void {
  const inputs = inputsOf(folder)
  if (inputs.length === 0) return
  const places = placesOf(inputs)
  const workloads = places.flatMap((place) => workloadOf(place) ?? [])
  counts.folders += 1
  counts.workloads += workloads.length
  counts.known += workloads.filter((one) => hasPort(one, places)).length
  tally(found.before, places)
  const result = timed('inject', () => putIn(inputs, ALL, REQUEST))
  if (result.kind === 'mistakes') broken.failed.push(`${folder}: ${result.problems[0]}`)
  for (const { why } of result.kind === 'mistakes' ? [] : result.left) {
    const reason = general(why[0] ?? '')
    refusals.set(reason, [...(refusals.get(reason) ?? []), `${folder}: ${why.join(' ')}`])
  }
  if (result.kind !== 'text') return
  const after = again(result.text)
  const placesAfter = placesOf([after])
  const done = placesAfter
    .flatMap((place) => workloadOf(place) ?? [])
    .filter((one) => one.sidecar !== undefined)
  counts.injected += done.length
  tally(found.after, placesAfter)
  if (textOf(putIn([after], ALL, REQUEST)) !== result.text) broken.twice.push(folder)
  const back = textOf(timed('remove', () => takeOut([again(result.text)], [])))
  if (back !== textOf(takeOut(inputs, []))) broken.removed.push(folder)
  else counts.same += 1
}

function again(text: string): Input {
  const reading = readInput('again', text)
  if (reading.kind !== 'input') throw new Error(`what inject has made cannot be read: ${reading.why}`)
  return reading.input
}

/** A sentence without the names of the one workload that it is about. */
function general(sentence: string): string {
  return sentence
    .replace(/^\S+ \S+?:? /, '')
    .replaceAll(
      /\b(container|Service|NetworkPolicy|Deployment|StatefulSet|DaemonSet|Pod|Rollout) [\w.-]+/g,
      '$1 X',
    )
    .replaceAll(/\(.*?\)|\[.*?\]|"[^"]*"/g, '…')
    .replaceAll(/\d+/g, 'N')
    .slice(0, 110)
}

function walk(folder: string): void {
  try {
    judgeFolder(folder)
  } catch (error) {
    broken.failed.push(
      `${folder}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== '.git' && entry.name !== 'node_modules')
      walk(join(folder, entry.name))
}

/** ms for one input, and for the same ten times over: linear work takes ten times as long. */
function growth(text: string): string {
  const ms = (copies: number) => {
    const start = performance.now()
    const documents = Array.from({ length: copies }, (_, i) => text.replaceAll('nginx', `nginx-${i}`))
    const input = again(documents.join('---\n'))
    putIn([input], ALL, REQUEST)
    judge(placesOf([input]))
    return performance.now() - start
  }
  ms(100)
  const [one, ten] = [ms(100), ms(1000)]
  const lines = text.split('\n').length * 1000
  return `${lines} lines in ${(ten / 1000).toFixed(2)} s, a tenth of them in ${(one / 1000).toFixed(2)} s: ${(ten / one).toFixed(1)} times (linear: 10)`
}

for (const folder of positionals) walk(folder)
const share = counts.known === 0 ? 0 : counts.injected / counts.known
console.log(
  `${counts.files} files in ${counts.folders} folders, ${counts.skipped} skipped (no manifest, or a template); ${(counts.bytes / 2 ** 20).toFixed(1)} MiB`,
)
console.log(
  `${counts.workloads} workloads, ${counts.known} with a known port; injected ${counts.injected}: ${(100 * share).toFixed(1)} % (target ${100 * TARGET} %)`,
)
console.log(
  `twice is once: ${broken.twice.length === 0 ? 'everywhere' : `not in ${broken.twice.join(', ')}`}`,
)
console.log(
  `removed to the byte: ${broken.removed.length === 0 ? 'everywhere' : `not in ${broken.removed.join(', ')}`}`,
)
console.log(
  `seconds: read ${(spent.read / 1000).toFixed(2)}, inject ${(spent.inject / 1000).toFixed(2)}, remove ${(spent.remove / 1000).toFixed(2)}, check ${(spent.check / 1000).toFixed(2)}`,
)
console.log(growth(readFileSync(new URL('../k8s/examples/nginx.before.yaml', import.meta.url), 'utf8')))
console.log('\nleft out:')
for (const [reason, all] of [...refusals].toSorted((a, b) => b[1].length - a[1].length)) {
  console.log(`${String(all.length).padStart(5)}  ${reason}`)
  if (values.refusals) for (const one of all) console.log(`         ${one}`)
}
console.log('\nfindings of check, before and after:')
for (const { id, severity } of RULES) {
  const name = `${severity} ${id}`
  const [before, after] = [found.before.get(name) ?? 0, found.after.get(name) ?? 0]
  if (before + after > 0) console.log(`${String(before).padStart(5)} ${String(after).padStart(5)}  ${name}`)
}
for (const one of broken.failed) console.log(`failed: ${one}`)
if (broken.twice.length + broken.removed.length + broken.failed.length > 0) process.exitCode = 1
