/**
 * Collects the changes of one object, and its earlier state. Pure.
 */
import { created, pointer } from './before.ts'
import type { Change, Was } from './change.ts'
import { wasOf } from './rewrite.ts'
import { at, covers, list, text, type Branch, type Path } from './tree.ts'
import type { Place } from './workload.ts'

/** The changes of an object, and its earlier state. */
export interface Edits {
  readonly changes: Change[]
  readonly before: Record<string, Was | null>
}

/** Sets a key of an object, unless it already has this value, and records the earlier state. */
export function setKey(place: Place, edits: Edits, change: Extract<Change, { kind: 'set' }>): void {
  const { value } = place.item
  const there = at(value, ...change.path)
  if (there !== undefined && covers(there, change.value)) return
  if (there === undefined) created(place, edits.before, change.path)
  else edits.before[pointer(value, change.path)] = wasOf(place.input, place.item, change.path)
  edits.changes.push(change)
}

/** Adds a named item at the end of a list, which may be missing or empty. */
export function addItem(
  place: Place,
  edits: Edits,
  change: Extract<Change, { kind: 'set' }> & { readonly value: Branch },
): void {
  const { path, value: item, notes = {} } = change
  const { value } = place.item
  const there = list(at(value, ...path))
  created(place, edits.before, [...path, text(item['name']) ?? ''])
  if (there.length > 0)
    edits.changes.push({ kind: 'insert', path: [...path, there.length], value: item, notes })
  else edits.changes.push({ ...change, value: [item] })
}

/** Sets a word of a command line. Words have no names: the earlier word is recorded under the new one. */
export function setWord(place: Place, edits: Edits, path: Path, word: string): void {
  const name = pointer(place.item.value, [...path.slice(0, -1), word])
  edits.before[name] = wasOf(place.input, place.item, path)
  edits.changes.push({ kind: 'set', path, value: word })
}

/** Adds words to the end of a command line, which may be missing or empty. */
export function appendWords(place: Place, edits: Edits, path: Path, words: readonly string[]): void {
  const { length } = list(at(place.item.value, ...path))
  for (const word of words) created(place, edits.before, [...path, word])
  if (length === 0) edits.changes.push({ kind: 'set', path, value: words })
  else for (const value of words) edits.changes.push({ kind: 'insert', path: [...path, length], value })
}
