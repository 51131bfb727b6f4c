/** A piece of a text to be replaced, and what both ways of writing collections (lines.ts, braces.ts) need for it. Pure. */
import type { Notes } from './change.ts'
import type { Tree } from './tree.ts'

export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Values to text, in the style of the document. */
export interface Writer {
  /** How deep braces in lines are indented; 0: in one line. Only JSON has such. */
  readonly step: number
  /** What stands after a comma in braces, where nobody shows it. */
  readonly gap: string
  /** A value in lines, without indentation. */
  readonly block: (value: Tree, notes: Notes) => string
  /** A value in braces, which begins in a line with this indentation; undefined: all in one line. */
  readonly inline: (value: Tree, margin?: string) => string
  /** A pair in braces. */
  readonly pair: (key: string, value: Tree, margin?: string) => string
  /** A pair that was written somewhere once, as a pair in braces. */
  /** A scalar that was written somewhere once. */
  readonly word: (text: string) => string
  readonly flat: (pair: string, margin?: string) => string
}
