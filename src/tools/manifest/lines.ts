/** Lines of a text by offset, and which comments belong to the lines below or above them. Pure. */

/** The offset of the first character of the line that `offset` is in. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
}

/** The offset after the newline of the line whose content ends at `offset` (which may be after that newline). */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset)
  return newline === -1 ? text.length : newline + 1
}

/** The offsets at which the lines of a text begin. */
export function lineStarts(text: string): number[] {
  const starts = [0]
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return starts
}

/** The number of the line that `offset` is in, from 1. */
export function lineNumber(text: string, offset: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line += 1
  return line
}

/** The start of the comments directly above the line at `line` that begin in this column. */
export function leadingComments(text: string, line: number, column: number): number {
  let from = line
  while (from > 0) {
    const above = lineStart(text, from - 1)
    if (!isComment(text.slice(above, from), (at) => at === column)) break
    from = above
  }
  return from
}

/** The end of the comments directly below that are indented deeper than `column`. */
export function trailingComments(text: string, line: number, column: number): number {
  let to = line
  while (to < text.length) {
    const next = lineEnd(text, to)
    if (!isComment(text.slice(to, next), (at) => at > column)) break
    to = next
  }
  return to
}

function isComment(line: string, fits: (column: number) => boolean): boolean {
  const at = line.search(/\S/)
  return at !== -1 && line[at] === '#' && fits(at)
}
