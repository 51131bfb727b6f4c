/**
 * The changes of one object as they are collected, together with how it was before. Pure.
 */
import { pointer } from './before.ts'
import type { Change, Was } from './change.ts'
import { wasOf } from './input.ts'
import { at, covers } from './tree.ts'
import type { Place } from './workload.ts'

/** What was changed in an object, and how it was before. */
export interface Edits {
  readonly changes: Change[]
  readonly before: Record<string, Was | null>
}

/** Sets a key of an object, if it is not so already, and writes down how it was. */
export function setKey(place: Place, edits: Edits, change: Extract<Change, { kind: 'set' }>): void {
  const { value } = place.item
  const there = at(value, ...change.path)
  if (there !== undefined && covers(there, change.value)) return
  edits.before[pointer(value, change.path)] =
    there === undefined ? null : wasOf(place.input, place.item, change.path)
  edits.changes.push(change)
}
