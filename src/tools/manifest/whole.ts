/**
 * lastcall put into, or taken out of, all inputs at once: the text that they become, and what was left out of it and
 * why. A workload is injected with all of its Services or not at all. Pure.
 */
import { beforeOf, type Before } from './before.ts'
import { optsOut, requestFor } from './given.ts'
import { inject } from './inject.ts'
import type { Request } from './request.ts'
import { readInput, type Input } from './input.ts'
import { lineFor } from './line-to-run.ts'
import { removals, restorations } from './remove.ts'
import { means } from './selector.ts'
import { rewritten, unwritable, type ObjectChanges } from './rewrite.ts'
import { at, text as textOf } from './tree.ts'
import { sendsTo, servicesOf } from './services-of.ts'
import {
  ofKind,
  strangeKind,
  together as sameNamespace,
  workloadOf,
  type Place,
  type Workload,
} from './workload.ts'

export type Result =
  | {
      readonly kind: 'text'
      readonly text: string
      readonly remarks: readonly string[]
      /** Workloads that could not be injected. */
      readonly left: readonly Left[]
    }
  /** Not every workload can be injected, and `strict` asked for all of them. */
  | { readonly kind: 'refused'; readonly left: readonly Left[] }
  /** The request itself is wrong. */
  | { readonly kind: 'mistakes'; readonly problems: readonly string[] }

/** A workload without lastcall. */
export interface Left {
  /** Sentences that begin with its title. */
  readonly why: readonly string[]
  /** The command line that injects it once the obstacle is removed or the missing option is given. */
  readonly line: string
}

type Changed = Place & ObjectChanges

/** Every object of the inputs; `namespace` applies to objects without one. */
export function placesOf(inputs: readonly Input[], namespace?: string): Place[] {
  return inputs.flatMap((input) => input.objects.map((item) => ({ input, item, namespace })))
}

/** Which workloads to inject. */
export interface Chosen {
  /** All if empty. */
  readonly names: readonly string[]
  /** Any if undefined. */
  readonly namespace: string | undefined
}

/**
 * Adds lastcall to the workloads with these names, or to all. Those that cannot be injected stay unchanged; with
 * `strict`, one of them refuses all.
 */
export function putIn(
  inputs: readonly Input[],
  { names, namespace }: Chosen,
  request: Request,
  strict = false,
): Result {
  const places = placesOf(inputs, namespace)
  const chosen = choose(places, names, namespace)
  if (chosen.problems.length > 0) return { kind: 'mistakes', problems: chosen.problems }
  const remarks = names.length === 0 ? places.flatMap((place) => strangeKind(place) ?? []) : []
  const why = new Map<Workload, readonly string[]>()
  const changes = new Map<Workload, readonly Changed[]>()
  const notes = new Map<Workload, readonly string[]>()
  const alone: Workload[] = []
  for (const workload of chosen.workloads) {
    const asked = requestFor(workload, request)
    const injection =
      asked.kind === 'bad'
        ? { kind: 'refused' as const, why: asked.why }
        : inject(workload, places, asked.request)
    if (injection.kind === 'alone') {
      remarks.push(injection.note)
      alone.push(workload)
    } else if (injection.kind === 'refused') why.set(workload, injection.why)
    else {
      const odd = injection.changes.flatMap((one) => unwritable(one.input, one) ?? [])
      if (odd.length > 0) why.set(workload, [`${workload.title}: ${odd[0]}`])
      else {
        changes.set(
          workload,
          injection.changes.filter(({ item }) => !optsOut(item.value)),
        )
        notes.set(workload, injection.remarks)
      }
    }
  }
  for (;;) {
    // A workload that is left out now may share another Service with a third one.
    const more = disagreeing(changes, [...why.keys(), ...alone])
    if (more.size === 0) break
    for (const [workload, sentence] of more) {
      why.set(workload, [sentence])
      changes.delete(workload)
    }
  }
  const left = [...why].map(([workload, sentences]) => ({
    why: sentences,
    line: lineFor(workload, sentences),
  }))
  if (left.length > 0 && strict) return { kind: 'refused', left }
  remarks.push(...[...changes.keys()].flatMap((workload) => notes.get(workload) ?? []))
  const byInput = Map.groupBy(once([...changes.values()].flat()), ({ input }) => input)
  const texts = inputs.map((input) => rewritten(input, byInput.get(input) ?? []))
  return { kind: 'text', text: texts.reduce(joined, ''), remarks: [...new Set(remarks)], left }
}

/** Each changed object once: a Service may select several workloads, whose changes are the same by now. */
function once(all: readonly Changed[]): Changed[] {
  return [...new Map(all.map((one) => [one.item, one])).values()]
}

/**
 * The workloads that cannot be injected, with the reason: one of their Services also sends to others, which need another
 * targetPort or are not injected.
 */
function disagreeing(
  changes: ReadonlyMap<Workload, readonly Changed[]>,
  refused: readonly Workload[],
): Map<Workload, string> {
  const found = new Map<Workload, string>()
  const byItem = new Map<unknown, [Workload, Changed][]>()
  for (const [workload, all] of changes)
    for (const one of all) if (one.item !== workload.item) push(byItem, one.item, [workload, one])
  for (const users of byItem.values()) {
    const change = users[0]![1]
    const name = textOf(at(change.item.value, 'metadata', 'name')) ?? ''
    const differ = users.some(([, one]) => JSON.stringify(one.changes) !== JSON.stringify(change.changes))
    const bare = refused.find((workload) => sendsTo(change, workload))
    const kind = textOf(change.item.value['kind']) ?? ''
    const shared = kind === 'Service' ? 'sends to' : 'is for'
    const sentence = differ
      ? `: ${kind} ${name} ${shared} several workloads that need different targetPorts: ` +
        'give the ports of their apps the same number and name, or inject them one by one with --name'
      : `: Service ${name} also sends to ${bare?.title}, which is not injected and would no longer get requests`
    if (differ || bare !== undefined)
      for (const [workload] of users) found.set(workload, workload.title + sentence)
  }
  return found
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Removes lastcall from the workloads with these names, or from all, and from the Services of the inputs. */
export function takeOut(inputs: readonly Input[], names: readonly string[], namespace?: string): Result {
  const places = placesOf(inputs, namespace)
  const chosen = choose(places, names, namespace)
  if (chosen.problems.length > 0) return { kind: 'mistakes', problems: chosen.problems }
  const services = chosen.workloads.flatMap((workload) => servicesOf(places, workload))
  const policies = ofKind(places, 'NetworkPolicy').filter((policy) => freed(policy, places, chosen.workloads))
  const wanted = new Set([...chosen.workloads, ...services, ...policies].map(({ item }) => item))
  const byInput = Map.groupBy(places, ({ input }) => input)
  const texts = inputs.map((input) => {
    const own = byInput.get(input) ?? []
    const removed = own.map((place) => ({
      item: place.item,
      changes: wanted.has(place.item) ? removals(place, places) : [],
    }))
    const before = own.map(({ item }) => (wanted.has(item) ? beforeOf(item.value) : {}))
    return restored(rewritten(input, removed), before)
  })
  return { kind: 'text', text: texts.reduce(joined, ''), remarks: [], left: [] }
}

/** Whether a policy selects some of these workloads, and no other workload with lastcall. */
function freed(policy: Place, places: readonly Place[], chosen: readonly Workload[]): boolean {
  if (Object.keys(beforeOf(policy.item.value)).length === 0) return false
  const meant = places
    .flatMap((place) => workloadOf(place) ?? [])
    .filter((workload) => means(policy, at(policy.item.value, 'spec', 'podSelector'), workload))
  return (
    meant.some((one) => chosen.includes(one)) &&
    meant.every((one) => one.sidecar === undefined || chosen.includes(one))
  )
}

/** The text of an input after the removals, with everything restored that the annotations had recorded. */
function restored(text: string, before: readonly Before[]): string {
  const reading = readInput('', text)
  if (reading.kind !== 'input') return text
  const { input } = reading
  const all = input.objects.map((item, i) => ({
    item,
    changes: restorations({ input, item }, before[i]!),
  }))
  return rewritten(input, all)
}

/** The workloads with these names, or all; a name may be `web` or `deployment/web`. */
function choose(
  places: readonly Place[],
  names: readonly string[],
  namespace: string | undefined,
): { workloads: Workload[]; problems: string[] } {
  const all = places.flatMap((place) => workloadOf(place) ?? [])
  const workloads = all.filter((one) => sameNamespace(one.namespace, namespace))
  const problems = names
    .filter((asked) => !workloads.some((one) => fits(one, asked)))
    .map(
      (asked) =>
        `--name ${asked}: no such workload in the input, which has ${workloads.map(({ title }) => title).join(', ') || 'none'}`,
    )
  const chosen =
    names.length === 0 ? workloads : workloads.filter((one) => names.some((asked) => fits(one, asked)))
  return { workloads: chosen, problems }
}

function fits({ kind, name }: Workload, asked: string): boolean {
  return asked === name || asked.toLowerCase() === `${kind}/${name}`.toLowerCase()
}

/** One stream of documents. */
function joined(a: string, b: string): string {
  if (a === '' || b === '') return a + b
  const start = a.endsWith('\n') ? a : `${a}\n`
  return /^(%|---)/.test(b) ? start + b : `${start}---\n${b}`
}
