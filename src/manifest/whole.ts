/**
 * lastcall put into, or taken out of, all inputs at once: the text that they become, or why not. Nothing is printed in
 * halves: one workload that is refused refuses all. Pure.
 */
import { beforeOf } from './before.ts'
import { inject, type Request } from './inject.ts'
import { readInput, rewritten, type Input, type ObjectChanges } from './input.ts'
import { removals, restorations } from './remove.ts'
import { at, text as textOf } from './tree.ts'
import { servicesOf, workloadOf, type Place, type Workload } from './workload.ts'

export type Result =
  | { readonly kind: 'text'; readonly text: string; readonly remarks: readonly string[] }
  /** It cannot be done safely: sentences. */
  | { readonly kind: 'refused'; readonly why: readonly string[] }
  /** It was not asked for rightly. */
  | { readonly kind: 'mistakes'; readonly problems: readonly string[] }

type Changed = Place & ObjectChanges

/** Every object of the inputs. */
export function placesOf(inputs: readonly Input[]): Place[] {
  return inputs.flatMap((input) => input.objects.map((item) => ({ input, item })))
}

/** Adds lastcall to the workloads of these names, or to all. */
export function putIn(inputs: readonly Input[], names: readonly string[], request: Request): Result {
  const places = placesOf(inputs)
  const chosen = choose(places, names)
  if (chosen.problems.length > 0) return { kind: 'mistakes', problems: chosen.problems }
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
  const merged = together(changed)
  why.push(...merged.why)
  if (why.length > 0) return { kind: 'refused', why }
  try {
    const texts = inputs.map((input) =>
      rewritten(
        input,
        merged.changed.filter((one) => one.input === input),
      ),
    )
    return { kind: 'text', text: texts.reduce(joined), remarks: [...new Set(remarks)] }
  } catch (error) {
    return { kind: 'refused', why: [(error as Error).message] }
  }
}

/** The changes of each object once: a Service may select several workloads, which then must agree. */
function together(all: readonly Changed[]): { changed: Changed[]; why: string[] } {
  const byItem = new Map<unknown, Changed>()
  const why: string[] = []
  for (const one of all) {
    const first = byItem.get(one.item)
    if (first === undefined) byItem.set(one.item, one)
    else if (JSON.stringify(first.changes) !== JSON.stringify(one.changes))
      why.push(
        `Service ${textOf(at(one.item.value, 'metadata', 'name')) ?? ''} sends to several workloads that need different targetPorts: ` +
          'give the ports of their apps the same number and name, or inject them one by one with --name',
      )
  }
  return { changed: [...byItem.values()], why }
}

/** Takes lastcall out of the workloads of these names, or of all, and out of the Services of the inputs. */
export function takeOut(inputs: readonly Input[], names: readonly string[]): Result {
  const places = placesOf(inputs)
  const chosen = choose(places, names)
  if (chosen.problems.length > 0) return { kind: 'mistakes', problems: chosen.problems }
  const items = new Set(chosen.workloads.map(({ item }) => item))
  const wanted = (place: Place) =>
    items.has(place.item) || chosen.workloads.some((workload) => servicesOf([place], workload).length > 0)
  const texts = inputs.map((input) => {
    const own = places.filter((place) => place.input === input)
    const removed = own
      .filter(wanted)
      .map(({ item }) => ({ item, changes: removals({ input, item }, places) }))
    return restored(rewritten(input, removed), own, wanted)
  })
  return { kind: 'text', text: texts.reduce(joined), remarks: [] }
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

/** One stream of documents. */
function joined(a: string, b: string): string {
  const start = a.endsWith('\n') ? a : `${a}\n`
  return /^(%|---)/.test(b) ? start + b : `${start}---\n${b}`
}
