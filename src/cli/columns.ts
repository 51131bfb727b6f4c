/** Texts in columns and within a width, as every `--help` prints them. Pure. */

/** Nothing that `--help` prints is wider. */
export const WIDTH = 100
const INDENT = 2
const GAP = 2

export type Row = readonly [left: string, right: string]

/** Rows in two columns, the left one `width` wide; one that is wider stands on a line of its own. */
export function table(rows: readonly Row[], width: number): string {
  const margin = ' '.repeat(INDENT + width + GAP)
  const lines = rows.flatMap(([left, right]) => {
    const [first = '', ...others] = wrap(right, WIDTH - margin.length)
    const head =
      left.length > width ? [`  ${left}`, margin + first] : [`  ${left.padEnd(width + GAP)}${first}`]
    return [...head, ...others.map((text) => margin + text)]
  })
  return lines.join('\n')
}

/** The words of a text in lines of at most `width` characters, longer words alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
