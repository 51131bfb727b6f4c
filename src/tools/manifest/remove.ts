/**
 * Takes lastcall out of an object again: what inject has added goes, and what it has changed becomes what it was, as
 * the annotation says. Pure.
 */
import { BEFORE, beforeOf, isEmpty, pathOf, pointer, type Before } from './before.ts'
import type { Change } from './change.ts'
import { readWas } from './rewrite.ts'
import { configIn } from './settings.ts'
import { at, list, text, type Path, type Tree } from './tree.ts'
import { appsOf, servicePorts, sendsTo, workloadOf, type Place, type Workload } from './workload.ts'

/** First what inject has added goes, and lastcall itself; nothing if it is not there. */
export function removals(place: Place, places: readonly Place[]): Change[] {
  const { value } = place.item
  const before = beforeOf(value)
  const gone = Object.entries(before).flatMap(([said, was]) => (was === null ? [pathOf(value, said)] : []))
  const paths = gone.filter((path) => path !== undefined)
  if (at(value, 'metadata', 'annotations', BEFORE) !== undefined)
    paths.push(['metadata', 'annotations', BEFORE])
  const { sidecar } = workloadOf(place) ?? {}
  if (sidecar !== undefined) paths.push(sidecar.path, ...hooksByHand(place, before))
  const byHand = value['kind'] === 'Service' && paths.length === 0
  return [...pruned(value, paths, before), ...(byHand ? serviceByHand(place, places) : [])]
}

/** Then what inject has changed becomes what it was: in the same object, as it is after the removals. */
export function restorations(place: Place, before: Before): Change[] {
  const { value } = place.item
  return Object.entries(before).flatMap(([said, was]): Change[] => {
    const path = pathOf(value, said)
    if (path === undefined || was === null || at(value, ...path.slice(0, -1)) === undefined) return []
    // It was empty, and is again, or somebody else has filled it since.
    const stays =
      typeof path.at(-1) === 'string' && isEmpty(readWas(path, was)) && at(value, ...path) !== undefined
    return stays ? [] : [{ kind: 'restore', path, was }]
  })
}

/** Hooks of a sidecar that somebody added by hand: no annotation tells of them. */
function hooksByHand(place: Place, before: Before): Path[] {
  const known = Object.keys(before)
  return appsOf(workloadOf(place)!).flatMap((app) => {
    const path = [...app.path, 'lifecycle', 'preStop']
    const asks = /^\/*prestop\/app$/.test(text(at(place.item.value, ...path, 'httpGet', 'path')) ?? '')
    return asks && !known.includes(pointer(place.item.value, path)) ? [path] : []
  })
}

/** A Service that somebody turned to lastcall by hand: back to the port of the app. */
function serviceByHand(place: Place, places: readonly Place[]): Change[] {
  const workloads = places.flatMap((one) => workloadOf(one) ?? []).filter((one) => sendsTo(place, one))
  return workloads.flatMap((workload) => {
    const fronts = configIn(workload.sidecar)?.ports ?? []
    return servicePorts(place, workload).flatMap(({ index, number, target }): Change[] => {
      const front = fronts.find(({ listen }) => listen.port === number)
      // A name goes back to the app, if inject has moved it.
      const byName = typeof target !== 'number' && noted(workload)
      if (front?.app.kind !== 'tcp' || front.app.port === number || byName) return []
      const path = ['spec', 'ports', index, 'targetPort']
      return [{ kind: 'set', path, value: front.app.port }]
    })
  })
}

function noted(workload: Workload): boolean {
  return Object.keys(beforeOf(workload.item.value)).length > 0
}

/** Deletions of these paths, and of the maps and lists that would be empty then; what was empty before is so again. */
function pruned(value: Tree, paths: readonly Path[], before: Before): Change[] {
  let gone = [...paths]
  const restored: Change[] = []
  for (;;) {
    const parent = gone.map((path) => path.slice(0, -1)).find((one) => emptied(value, one, gone))
    if (parent === undefined)
      return [...restored, ...gone.map((path): Change => ({ kind: 'delete', path, own: true }))]
    gone = gone.filter((path) => !same(path.slice(0, -1), parent))
    const was = before[pointer(value, parent)]
    if (was === undefined || was === null || !isEmpty(readWas(parent, was))) gone.push(parent)
    else restored.push({ kind: 'restore', path: parent, was })
  }
}

/** Whether nothing is left at a path; the object itself, and its parts, stay. */
function emptied(value: Tree, path: Path, gone: readonly Path[]): boolean {
  if (path.length === 0) return false
  const here = at(value, ...path)
  const size = Array.isArray(here) ? list(here as Tree).length : Object.keys(here ?? {}).length
  return gone.filter((one) => same(one.slice(0, -1), path)).length === size
}

function same(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}
