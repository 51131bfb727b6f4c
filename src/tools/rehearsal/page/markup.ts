/**
 * Markup that cannot be broken by what is put into it: a template whose values are escaped, unless they are markup
 * themselves. For SVG and for HTML that is well-formed XML as well. Pure.
 */

/** Text that is markup already. Made by `markup` alone, or by `trusted`. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Piece = string | number | Markup | readonly Piece[] | undefined

/** A template whose values are escaped; markup stays as it is, a list is joined, and undefined is nothing. */
export function markup(fixed: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  let text = fixed[0]!
  for (const [index, value] of values.entries()) text += textOf(value) + fixed[index + 1]!
  return new Markup(text)
}

/** For text of ours that must not be escaped, such as a style sheet; never for what came from outside. */
export function trusted(text: string): Markup {
  return new Markup(text)
}

function textOf(piece: Piece): string {
  if (piece === undefined) return ''
  if (piece instanceof Markup) return piece.text
  if (typeof piece === 'object') return piece.map(textOf).join('')
  return escaped(String(piece))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** XML 1.0 has no place for control characters and lone surrogates, not even escaped; bidirectional controls would let a name change how its neighbours read. */
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/gu

/** The text as content of an element or of an attribute in double quotes. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!).replaceAll(UNPRINTABLE, '?')
}

/** The text, or its beginning and an ellipsis if it is longer than `most` characters. */
export function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
