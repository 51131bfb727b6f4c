/**
 * What inject writes down of the time before it, in an annotation of each object that it changes, so that --remove can
 * bring it back: nothing (null), or how it was written. Pure.
 */
import type { Change, Was } from './change.ts'
import { wasOf } from './rewrite.ts'
import { at, branch, isBranch, list, text, type Path, type Tree } from './tree.ts'
import type { Place } from './workload.ts'

export const BEFORE = 'lastcall.dev/before'

/** Lists whose items go by their name: others may be put before them. */
const NAMED = new Set(['containers', 'initContainers', 'env'])

/** By place: a JSON pointer (RFC 6901) in which containers and variables go by their name, words by themselves. */
export type Before = Readonly<Record<string, Was | null>>

/** What an object's annotation says; empty if it has none or none that can be read. */
export function beforeOf(value: Tree): Before {
  const said = text(at(value, 'metadata', 'annotations', BEFORE))
  try {
    const parsed: unknown = JSON.parse(said ?? '{}')
    return isBranch(parsed as Tree) ? (parsed as Before) : {}
  } catch {
    return {}
  }
}

/** The change that writes down `before`; what was written down earlier is older, and stays. */
export function remember(place: Place, before: Record<string, Was | null>): Change[] {
  const { value } = place.item
  const old = beforeOf(value)
  if (Object.keys({ ...before, ...old }).length === Object.keys(old).length) return []
  const path = ['metadata', 'annotations', BEFORE]
  if (at(value, ...path) === undefined) emptyAbove(place, before, path)
  return [
    {
      kind: 'set',
      path,
      value: JSON.stringify({ ...before, ...old }),
      after: ['name', 'namespace', 'labels'],
      notes: { '': 'What was here before, for lastcall inject --remove.' },
    },
  ]
}

/** Writes down that there was nothing at a path, and what was empty above it. */
export function created(place: Place, before: Record<string, Was | null>, path: Path): void {
  before[pointer(place.item.value, path)] = null
  emptyAbove(place, before, path)
}

/** Writes down how the map or list above a path was written, if it was there and empty. */
export function emptyAbove(place: Place, before: Record<string, Was | null>, path: Path): void {
  const { value } = place.item
  for (let length = path.length - 1; length > 0; length -= 1) {
    const above = path.slice(0, length)
    const here = at(value, ...above)
    if (here === undefined) continue
    if (isEmpty(here)) before[pointer(value, above)] ??= wasOf(place.input, place.item, above)
    return
  }
}

/** Null, or a map or list without anything in it. */
export function isEmpty(value: Tree): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** A path of an object as text. */
export function pointer(value: Tree, path: Path): string {
  let said = ''
  for (const [i, step] of path.entries()) {
    const byName = typeof step === 'number' && NAMED.has(String(path[i - 1]))
    const name = byName ? text(at(value, ...path.slice(0, i + 1), 'name')) : undefined
    said += `/${String(name ?? step)
      .replaceAll('~', '~0')
      .replaceAll('/', '~1')}`
  }
  return said
}

/** The path that a pointer leads to now; undefined if an item of a list is gone. */
export function pathOf(value: Tree, said: string): Path | undefined {
  const path: (string | number)[] = []
  for (const part of said.slice(1).split('/')) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const here = at(value, ...path)
    if (!Array.isArray(here)) {
      path.push(step)
      continue
    }
    const items = list(here as Tree)
    const index = items.findIndex((item) => item === step || branch(item)['name'] === step)
    const found = index === -1 && /^\d+$/.test(step) ? Number(step) : index
    if (found < 0 || found >= items.length) return undefined
    path.push(found)
  }
  return path
}
