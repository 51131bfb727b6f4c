/**
 * Removes lastcall from an object: deletes what inject has added, and restores what it has changed from the annotation.
 * Pure.
 */
import { BEFORE, beforeOf, isEmpty, pathOf, pointer, type Before } from './before.ts'
import type { Change } from './change.ts'
import { readWas } from './rewrite.ts'
import { configIn } from './settings.ts'
import { at, list, text, type Path, type Tree } from './tree.ts'
import { servicePorts, sendsTo } from './services-of.ts'
import { appsOf, workloadOf, type Place, type Workload } from './workload.ts'

/** First step: deletes what inject has added, and lastcall itself. Empty if there is nothing to delete. */
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

/** Second step, in the object after the removals: restores what inject has changed. */
export function restorations(place: Place, before: Before): Change[] {
  const { value } = place.item
  return Object.entries(before).flatMap(([said, was]): Change[] => {
    const path = pathOf(value, said)
    if (path === undefined || was === null || at(value, ...path.slice(0, -1)) === undefined) return []
    // It was empty, and is empty again, or has been filled by somebody else since.
    const stays =
      typeof path.at(-1) === 'string' && isEmpty(readWas(path, was)) && typeof at(value, ...path) === 'object'
    return stays ? [] : [{ kind: 'restore', path, was }]
  })
}

/** Hooks of a sidecar that was added manually, without an annotation. */
function hooksByHand(place: Place, before: Before): Path[] {
  const known = Object.keys(before)
  return appsOf(workloadOf(place)!).flatMap((app) => {
    const path = [...app.path, 'lifecycle', 'preStop']
    const asks = /^\/*prestop\/app$/.test(text(at(place.item.value, ...path, 'httpGet', 'path')) ?? '')
    return asks && !known.includes(pointer(place.item.value, path)) ? [path] : []
  })
}

/** A Service that was redirected to lastcall manually: back to the port of the app. */
function serviceByHand(place: Place, places: readonly Place[]): Change[] {
  const workloads = places.flatMap((one) => workloadOf(one) ?? []).filter((one) => sendsTo(place, one))
  return workloads.flatMap((workload) => {
    const fronts = configIn(workload.sidecar)?.ports ?? []
    return servicePorts(place, workload).flatMap(({ index, number, target }): Change[] => {
      const front = fronts.find(({ listen }) => listen.port === number)
      // If inject has moved the name, the restored name leads to the app again.
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

/** Deletions of these paths, and of maps and lists that they leave empty, unless those were empty before inject. */
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

/** Whether the deletions leave nothing at a path. The root of the object never counts as empty. */
function emptied(value: Tree, path: Path, gone: readonly Path[]): boolean {
  if (path.length === 0) return false
  const here = at(value, ...path)
  const size = Array.isArray(here) ? list(here as Tree).length : Object.keys(here ?? {}).length
  return gone.filter((one) => same(one.slice(0, -1), path)).length === size
}

function same(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}
