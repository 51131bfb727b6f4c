/**
 * The annotation in which inject records the earlier state of each object that it changes, so that --remove can restore
 * it: for each place null (there was nothing), or the text that was there. Pure.
 */
import type { Change, Was } from './change.ts'
import { wasOf } from './rewrite.ts'
import { at, branch, isBranch, list, text, type Path, type Tree } from './tree.ts'
import type { Place } from './workload.ts'

export const BEFORE = 'lastcall.dev/before'

/** Lists whose items are identified by name, because other items may be inserted before them. */
const NAMED = new Set(['containers', 'initContainers', 'env'])

/** By JSON pointer (RFC 6901); containers and variables are identified by name, words of a command line by their text. */
export type Before = Readonly<Record<string, Was | null>>

/** The content of an object's annotation; empty if it is missing or unreadable. */
export function beforeOf(value: Tree): Before {
  const said = text(at(value, 'metadata', 'annotations', BEFORE))
  try {
    const parsed: unknown = JSON.parse(said ?? '{}')
    return isBranch(parsed as Tree) ? (parsed as Before) : {}
  } catch {
    return {}
  }
}

/** The change that records `before` in the annotation. Earlier records are kept: they are the original state. */
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
      notes: { '': 'The state before lastcall, for lastcall inject --remove.' },
    },
  ]
}

/** Records that there was nothing at a path, and how an empty map or list above it was written. */
export function created(place: Place, before: Record<string, Was | null>, path: Path): void {
  before[pointer(place.item.value, path)] = null
  emptyAbove(place, before, path)
}

/** Records how the map or list above a path was written, if it existed and was empty. */
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

/** Null, or an empty map or list. */
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

/** The path that a pointer leads to in this value; undefined if an item of a list is gone. */
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
