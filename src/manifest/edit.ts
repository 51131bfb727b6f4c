/**
 * Changes made in the text that somebody wrote: splices, computed against one parse and applied from the end. Pure;
 * what YAML looks like is asked of the writer that is handed in (yaml.ts).
 */
import { place, type Change, type Notes, type Was } from './change.ts'
import { lineEnd, lineStart, leadingComments, trailingComments } from './lines.ts'
import { spotAt, type Entry, type Spot } from './spot.ts'
import { printPath, type Path, type Tree } from './tree.ts'

/** Values to text, in the style of the document. */
export interface Writer {
  readonly step: number
  readonly block: (value: Tree, notes: Notes) => string
  readonly inline: (value: Tree) => string
  /** A pair that was written in lines, for a map in braces. */
  readonly flat: (pair: string) => string
}

interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The text with the changes made. Changes that get in each other's way (neighbours that share a comma) are made one
 * after the other, from the end, each in what `read` makes of the text then. Throws a sentence where an alias stands in
 * the way.
 */
export function edited(
  text: string,
  root: Spot,
  changes: readonly Change[],
  writer: Writer,
  read: (text: string) => Spot,
): string {
  const splices = changes.map((change) => ({ ...splice(text, root, change, writer), change }))
  // From the end. At one place: first what takes away, then from the later to the earlier, and the deeper is the earlier.
  const order = splices
    .toReversed()
    .toSorted((a, b) => b.from - a.from || b.to - a.to || a.change.path.length - b.change.path.length)
  const entangled = order.some(
    (one, i) => i > 0 && one.to > order[i - 1]!.from && order[i - 1]!.to > one.from,
  )
  if (entangled)
    return order.reduce((result, { change }) => edited(result, read(result), [change], writer, read), text)
  return order.reduce(
    (result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to),
    text,
  )
}

/** How the pair at an entry was written, to be able to restore it. */
export function written(text: string, parent: Spot, entry: Entry): Was {
  const index = parent.entries.indexOf(entry)
  const before = parent.entries[index - 1]
  const after = before === undefined ? null : String(before.key)
  if (isInline(text, parent, entry)) return { after, text: text.slice(entry.start, entry.end) }
  const { from, to } = ownLines(text, entry)
  const column = columnOf(text, entry.start)
  const start = before === undefined ? from : lineEnd(text, before.end)
  const skip = text.slice(start, from).split('\n').length - 1
  const own = text.slice(from, to).replace(new RegExp(`^ {${column}}`, 'gm'), '')
  return { after, ...(skip > 0 ? { skip } : {}), text: own }
}

/** Why nothing can be changed at a path, as a sentence: an alias or a merge is there. */
export function obstructed(root: Spot, path: Path): string | undefined {
  const parent = spotAt(root, path.slice(0, -1))
  const entry = parent?.entries.find((one) => one.key === path.at(-1))
  const open = parent?.kind === 'map' || parent?.kind === 'list'
  return open && entry?.value.kind !== 'alias'
    ? undefined
    : `${printPath(path)} comes from a YAML alias or a merge (<<): write it out there, and try again`
}

function splice(text: string, root: Spot, change: Change, writer: Writer): Splice {
  const why = obstructed(root, change.path)
  if (why !== undefined) throw new Error(why)
  const parent = spotAt(root, change.path.slice(0, -1))!
  const key = change.path.at(-1)!
  const entry = parent.entries.find((one) => one.key === key)
  switch (change.kind) {
    case 'delete':
      return removal(text, parent, entry!)
    case 'insert':
      return insertion(text, parent, Number(key), change.value, change.notes ?? {}, writer)
    case 'set': {
      const { value, notes = {} } = change
      if (entry !== undefined) return replacement(text, parent, entry, value, notes, writer)
      return addition(
        text,
        parent,
        place(keysOf(parent), change),
        pairText(parent, String(key), value, notes, writer),
      )
    }
    case 'restore': {
      const said = change.was.text ?? pairText(parent, String(key), change.was.value ?? null, {}, writer)
      const own = parent.flow && said.includes('\n') ? writer.flat(said) : said
      if (entry !== undefined) return rewriting(text, parent, entry, own)
      return addition(text, parent, place(keysOf(parent), change), own, change.was.skip)
    }
    default:
      return change satisfies never
  }
}

function keysOf(parent: Spot): string[] {
  return parent.entries.map((entry) => String(entry.key))
}

function pairText(parent: Spot, key: string, value: Tree, notes: Notes, writer: Writer): string {
  const prefixed = Object.fromEntries(
    Object.entries(notes).map(([path, note]) => [path === '' ? key : `${key}.${path}`, note]),
  )
  return parent.flow
    ? writer.inline({ [key]: value }).replace(/^\{ | \}$/g, '')
    : writer.block({ [key]: value }, prefixed)
}

/** A new pair as number `index` of a map. */
function addition(text: string, parent: Spot, index: number, own: string, skip = 0): Splice {
  const before = parent.entries[index - 1]
  const next = parent.entries[index]
  if (parent.flow || (before === undefined && !own.endsWith('\n'))) {
    if (before !== undefined) return { from: before.end, to: before.end, text: `, ${own.trimEnd()}` }
    if (next === undefined) return { from: parent.start, to: parent.end, text: `{ ${own.trimEnd()} }` }
    const joint = parent.flow ? ', ' : `\n${' '.repeat(columnOf(text, next.start))}`
    return { from: next.start, to: next.start, text: `${own}${joint}` }
  }
  const column = columnOf(text, parent.entries[0]!.start)
  const lines = indented(own.endsWith('\n') || next === undefined ? own : `${own}\n`, column)
  if (before === undefined) {
    const first = next!.start
    if (isInline(text, parent, next!))
      return { from: first, to: first, text: lines.trimStart() + ' '.repeat(column) }
    const line = leadingComments(text, lineStart(text, first), column)
    return { from: line, to: line, text: lines }
  }
  let from = lineEnd(text, before.end)
  for (let i = 0; i < skip && isIdle(text.slice(from, lineEnd(text, from))); i += 1)
    from = lineEnd(text, from)
  return fresh(text, from, lines)
}

/** Nothing but a comment, or nothing. */
function isIdle(line: string): boolean {
  return /^\s*(#.*)?$/.test(line.trimEnd())
}

/** Another value for a pair or an item that is there. */
function replacement(
  text: string,
  parent: Spot,
  entry: Entry,
  value: Tree,
  notes: Notes,
  writer: Writer,
): Splice {
  const simple = typeof value !== 'object' || value === null
  if (parent.flow || entry.value.flow || (simple && entry.value.kind === 'scalar')) {
    const blank = entry.value.end === entry.value.start ? ' ' : ''
    const own = blank + writer.inline(value)
    const note = notes['']
    if (note === undefined || isInline(text, parent, entry))
      return { from: entry.value.start, to: entry.value.end, text: own }
    const above = indented(note.replace(/^/gm, '# '), columnOf(text, entry.start)).trimStart()
    const key = text.slice(entry.start, entry.value.start)
    const margin = ' '.repeat(columnOf(text, entry.start))
    return { from: entry.start, to: entry.value.end, text: `${above}\n${margin}${key}${own}` }
  }
  const column = columnOf(text, entry.start)
  const own =
    parent.kind === 'list'
      ? writer.block(value, notes)
      : pairText(parent, String(entry.key), value, notes, writer)
  const end = lineEnd(text, entry.end)
  if (entry.value.start === entry.value.end) {
    // There is nothing behind the key, but perhaps a comment: what comes goes below.
    const below = writer.block({ [String(entry.key)]: value }, notes).replace(/^.*\n/, '')
    return fresh(text, end, indented(below, column))
  }
  return { from: entry.start, to: end, text: lastly(indented(own, column).trimStart(), text, end) }
}

/** A pair as it was written once, in the place of the one that is there. */
function rewriting(text: string, parent: Spot, entry: Entry, own: string): Splice {
  if (!own.endsWith('\n')) return { from: entry.start, to: entry.end, text: own }
  const column = columnOf(text, entry.start)
  if (isInline(text, parent, entry))
    return { from: entry.start, to: entry.end, text: indented(own, column).trim() }
  const { from, to } = ownLines(text, entry)
  return { from, to, text: indented(own, column) }
}

function insertion(
  text: string,
  parent: Spot,
  index: number,
  value: Tree,
  notes: Notes,
  writer: Writer,
): Splice {
  const next = parent.entries[index]
  const last = parent.entries.at(-1)
  if (parent.flow) {
    const own = writer.inline(value)
    if (next !== undefined) return { from: next.start, to: next.start, text: `${own}, ` }
    if (last !== undefined) return { from: last.end, to: last.end, text: `, ${own}` }
    return { from: parent.start, to: parent.end, text: `[ ${own} ]` }
  }
  const dash = columnOf(text, parent.start)
  const lines = indented(writer.block([value], notes), dash)
  if (next === undefined) return fresh(text, lineEnd(text, last!.end), lines)
  const from = leadingComments(text, dashLine(text, parent, next), dash)
  return { from, to: from, text: lines }
}

function removal(text: string, parent: Spot, entry: Entry): Splice {
  const index = parent.entries.indexOf(entry)
  const [before, next] = [parent.entries[index - 1], parent.entries[index + 1]]
  if (!parent.flow && parent.kind === 'list') {
    const from = leadingComments(text, dashLine(text, parent, entry), columnOf(text, parent.start))
    return {
      from,
      to: trailingComments(text, lineEnd(text, entry.end), columnOf(text, parent.start)),
      text: '',
    }
  }
  if (!isInline(text, parent, entry)) return { ...ownLines(text, entry), text: '' }
  if (next !== undefined) return { from: entry.start, to: next.start, text: '' }
  return { from: before?.end ?? entry.start, to: entry.end, text: '' }
}

/** Whether something else stands before it in its line: a brace, a dash, another pair. */
function isInline(text: string, parent: Spot, entry: Entry): boolean {
  return parent.flow || text.slice(lineStart(text, entry.start), entry.start).trim() !== ''
}

/** The whole lines of a pair, with the comments directly above it and those that are indented below it. */
function ownLines(text: string, entry: Entry): { from: number; to: number } {
  const column = columnOf(text, entry.start)
  const from = leadingComments(text, lineStart(text, entry.start), column)
  return { from, to: trailingComments(text, lineEnd(text, entry.end), column) }
}

/** Where the line with the dash of an item begins: the item may begin below it. */
function dashLine(text: string, parent: Spot, entry: Entry): number {
  const column = columnOf(text, parent.start)
  let line = lineStart(text, entry.start)
  while (line > parent.start && text[line + column] !== '-') line = lineStart(text, line - 1)
  return line
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

/** At the end of a text without a last newline a new line needs one first. */
function fresh(text: string, from: number, own: string): Splice {
  const atEnd = from > 0 && text[from - 1] !== '\n' && from === text.length
  return { from, to: from, text: atEnd ? `\n${own.trimEnd()}` : own }
}

/** A text that had no newline at its end gets none. */
function lastly(own: string, text: string, to: number): string {
  return to === text.length && !text.endsWith('\n') ? own.trimEnd() : own
}

function indented(own: string, column: number): string {
  return own.replace(/^(?=.)/gm, ' '.repeat(column))
}
