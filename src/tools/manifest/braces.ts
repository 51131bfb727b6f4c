/**
 * Changes in collections with braces or brackets: YAML's flow style, and JSON. A new entry has its comma before it, unless
 * it is the first, and is removed together with that comma, so that nothing else changes. Pure.
 */
import type { Was } from './change.ts'
import { lineStart } from './lines.ts'
import type { Entry, Spot } from './spot.ts'
import type { Splice, Writer } from './splice.ts'

/** The usual separator, which is not recorded. */
const USUAL = ', '

/** A new entry at `index`; `own` writes it with the indentation of its line, or for one line. */
export function put(
  text: string,
  parent: Spot,
  index: number,
  own: (margin: string | undefined) => string,
  writer: Writer,
  was?: Was,
): Splice {
  const before = parent.entries[index - 1]
  const next = parent.entries[index]
  if (before === undefined && next === undefined) return fill(text, parent, own, writer, was)
  const space = spaceIn(text, parent, writer)
  const said = own(marginOf(space))
  const comma = was === undefined ? `,${space}` : USUAL
  if (before === undefined) return { from: next!.start, to: next!.start, text: said + (was?.tail ?? comma) }
  return { from: before.end, to: before.end, text: (was?.lead ?? comma) + said }
}

/** The first entry of an empty collection. */
function fill(
  text: string,
  parent: Spot,
  own: (margin: string | undefined) => string,
  writer: Writer,
  was: Was | undefined,
): Splice {
  const [open, close] = parent.kind === 'map' ? '{}' : '[]'
  const outer = /^[ \t]*/.exec(text.slice(lineStart(text, parent.start)))![0]
  const inner = writer.step > 0 ? outer + ' '.repeat(writer.step) : undefined
  const lead = was?.lead ?? (inner === undefined ? writer.gap : `\n${inner}`)
  const tail = was?.tail ?? (inner === undefined ? writer.gap : `\n${outer}`)
  return { from: parent.start, to: parent.end, text: open + lead + own(inner) + tail + close }
}

/** Removes an entry with the comma before it; the first entry with the comma after it. */
export function take(parent: Spot, entry: Entry): Splice {
  const [before, next] = neighbours(parent, entry)
  if (before !== undefined) return { from: before.end, to: entry.end, text: '' }
  return { from: entry.start, to: next?.start ?? entry.end, text: '' }
}

/** What `take` removes besides the entry itself, so that it can be restored. */
export function around(text: string, parent: Spot, entry: Entry): Pick<Was, 'lead' | 'tail'> {
  const [before, next] = neighbours(parent, entry)
  if (before !== undefined) {
    const lead = text.slice(before.end, entry.start)
    return lead === USUAL ? {} : { lead }
  }
  if (next !== undefined) {
    const tail = text.slice(entry.end, next.start)
    return tail === USUAL ? {} : { tail }
  }
  return {
    lead: text.slice(parent.start + 1, entry.start),
    tail: text.slice(entry.end, parent.end - 1),
  }
}

function neighbours({ entries }: Spot, entry: Entry): [Entry | undefined, Entry | undefined] {
  const index = entries.indexOf(entry)
  return [entries[index - 1], entries[index + 1]]
}

/** The white space before an entry, as elsewhere in the collection. */
function spaceIn(text: string, { entries }: Spot, writer: Writer): string {
  const { start } = (entries[1] ?? entries[0])!
  let from = start
  while (from > 0 && /\s/.test(text[from - 1]!)) from -= 1
  const space = text.slice(from, start)
  return space === '' && entries.length === 1 ? writer.gap : space
}

/** The indentation of entries that begin lines. */
function marginOf(space: string): string | undefined {
  return space.includes('\n') ? space.slice(space.lastIndexOf('\n') + 1) : undefined
}

/** The indentation of an entry, if it begins a line. */
export function marginAt(text: string, entry: Entry): string | undefined {
  const space = text.slice(lineStart(text, entry.start), entry.start)
  return /^[ \t]*$/.test(space) ? space : undefined
}
