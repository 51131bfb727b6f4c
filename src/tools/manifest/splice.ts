/** Replacements in a text, and the writer of values that block and flow collections share. Types only. */
import type { Notes } from './change.ts'
import type { Tree } from './tree.ts'

export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Writes values in the style of the document. */
export interface Writer {
  /** The indentation of flow collections that span lines (JSON only); 0: on one line. */
  readonly step: number
  /** The space after a comma in a flow collection, if the text does not show it. */
  readonly gap: string
  /** A value in block style, without indentation. */
  readonly block: (value: Tree, notes: Notes) => string
  /** A value in flow style; `margin` is the indentation of its first line, undefined for everything on one line. */
  readonly inline: (value: Tree, margin?: string) => string
  /** A pair in flow style. */
  readonly pair: (key: string, value: Tree, margin?: string) => string
  /** A recorded scalar. */
  readonly word: (text: string) => string
  /** A recorded pair, in flow style. */
  readonly flat: (pair: string, margin?: string) => string
}
