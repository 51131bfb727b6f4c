/**
 * The positions of the parts of a document in its text, for text edits. Pure; yaml.ts and json.ts create them.
 */
import type { Path } from './tree.ts'

export interface Spot {
  readonly kind: 'map' | 'list' | 'scalar' | 'alias'
  /** Written with brackets or braces. */
  readonly flow: boolean
  /** Offsets in the text: of the first character, and after the last character of content. */
  readonly start: number
  readonly end: number
  readonly entries: readonly Entry[]
  /** The anchor of this part, if an alias of the same document repeats it: a change here is a change there. */
  shared?: string
}

export interface Entry {
  /** The key of a map, the index of a list. */
  readonly key: string | number
  /** Offset of the key; of the item in a list. */
  readonly start: number
  /** After the last character of its content. */
  readonly end: number
  readonly value: Spot
}

/** The entry of a key or an index. */
export function entryAt({ entries }: Spot, step: string | number): Entry | undefined {
  return typeof step === 'number' ? entries[step] : entries.find(({ key }) => key === step)
}

/** The entry at `path`, or its nearest existing parent. */
export function nearest(root: Spot, path: Path): Entry | undefined {
  let found: Entry | undefined
  let here = root
  for (const step of path) {
    const next = entryAt(here, step)
    if (next === undefined) return found
    found = next
    here = next.value
  }
  return found
}

/** What is at `path`; undefined if nothing is. */
export function spotAt(root: Spot, path: Path): Spot | undefined {
  let here: Spot | undefined = root
  for (const step of path) here = here === undefined ? undefined : entryAt(here, step)?.value
  return here
}
