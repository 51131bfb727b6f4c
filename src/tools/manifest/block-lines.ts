/**
 * The lines of entries in block style: where they begin and end, how they are indented, and how lines are inserted and
 * removed. Pure.
 */
import { lineEnd, lineStart, leadingComments, trailingComments } from './lines.ts'
import type { Splice } from './splice.ts'
import type { Entry, Spot } from './spot.ts'

/** New lines as entry `index` of a map; `skip`: after this number of comment and blank lines, for a restored pair. */
export function addition(text: string, parent: Spot, index: number, lines: string, skip?: number): Splice {
  const before = parent.entries[index - 1]
  const next = parent.entries[index]
  const column = columnOf(text, parent.entries[0]!.start)
  if (before === undefined) {
    const first = next!.start
    if (isInline(text, parent, next!))
      return { from: first, to: first, text: lines.trimStart() + ' '.repeat(column) }
    const line = leadingComments(text, lineStart(text, first), column)
    return { from: line, to: line, text: lines }
  }
  let from = lineEnd(text, before.end)
  // Comments that are indented deeper belong to the entry before them.
  if (skip === undefined) from = trailingComments(text, from, column)
  for (let i = 0; i < (skip ?? 0) && isIdle(text.slice(from, lineEnd(text, from))); i += 1)
    from = lineEnd(text, from)
  return fresh(text, from, lines)
}

/** Whether a line is blank or only a comment. */
function isIdle(line: string): boolean {
  return /^\s*(#.*)?$/.test(line.trimEnd())
}

/** Removes lines; at the end of a text without a final newline, together with the newline before them. */
export function whole(text: string, from: number, to: number): Splice {
  const last = to === text.length && !text.endsWith('\n') && from > 0
  return { from: last ? from - 1 : from, to, text: '' }
}

/** Whether something else precedes it on its line: a brace, a dash, another pair. */
export function isInline(text: string, parent: Spot, entry: Entry): boolean {
  return parent.flow || text.slice(lineStart(text, entry.start), entry.start).trim() !== ''
}

/** The lines of a pair, with the comments directly above it and the indented ones below it. */
export function ownLines(text: string, entry: Entry): { from: number; to: number } {
  const column = columnOf(text, entry.start)
  const from = leadingComments(text, lineStart(text, entry.start), column)
  return { from, to: trailingComments(text, lineEnd(text, entry.end), column) }
}

/** The start of the line with the dash of an item, which may begin below it. */
export function dashLine(text: string, parent: Spot, entry: Entry): number {
  const column = columnOf(text, parent.start)
  let line = lineStart(text, entry.start)
  while (line > parent.start && text[line + column] !== '-') line = lineStart(text, line - 1)
  return line
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

/** A newline with the indentation of this entry. */
export function newline(text: string, entry: Entry): string {
  return `\n${' '.repeat(columnOf(text, entry.start))}`
}

/** Inserts lines. At the end of a text without a final newline, a newline comes first. */
export function fresh(text: string, from: number, own: string): Splice {
  const atEnd = from > 0 && text[from - 1] !== '\n' && from === text.length
  return { from, to: from, text: atEnd ? `\n${own.trimEnd()}` : own }
}

/** Keeps a text without a final newline that way. */
export function lastly(own: string, text: string, to: number): string {
  return to === text.length && !text.endsWith('\n') ? own.trimEnd() : own
}

export function outdented(own: string, column: number): string {
  return own.replace(new RegExp(`^ {${column}}`, 'gm'), '')
}

export function lastLine(own: string): string {
  return own.endsWith('\n') ? own : `${own}\n`
}

export function indented(own: string, column: number): string {
  return own.replace(/^(?=.)/gm, ' '.repeat(column))
}
