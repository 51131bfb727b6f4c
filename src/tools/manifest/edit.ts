/**
 * Turns changes into splices of the user's text, computed from one parse. Pure; a writer provides the YAML or JSON of new
 * values. This file handles collections in block style; braces.ts handles flow style.
 */
import {
  addition,
  columnOf,
  dashLine,
  fresh,
  indented,
  isInline,
  lastLine,
  lastly,
  newline,
  outdented,
  ownLines,
  whole,
} from './block-lines.ts'
import { around, marginAt, put, take } from './braces.ts'
import { place, type Change, type Notes, type Was } from './change.ts'
import { lineEnd, leadingComments, trailingComments } from './lines.ts'
import type { Splice, Writer } from './splice.ts'
import { entryAt, spotAt, type Entry, type Spot } from './spot.ts'
import { printPath, type Tree } from './tree.ts'

/**
 * The splices for the changes, in the order of the text; undefined if some overlap and must be made one after the other.
 * Throws an error with a sentence if an alias prevents a change.
 */
export function splices(
  text: string,
  root: Spot,
  changes: readonly Change[],
  writer: Writer,
): Splice[] | undefined {
  const all = changes.map((change) => ({ ...splice(text, root, change, writer), change }))
  const order = all
    .toReversed()
    .toSorted((a, b) => b.from - a.from || b.to - a.to || a.change.path.length - b.change.path.length)
    .toReversed()
  const entangled = order.some((one, i) => i > 0 && one.from < order[i - 1]!.to)
  return entangled ? undefined : order
}

/** The changes ordered from the end of the text, so that each can be made after the one before. */
export function fromTheEnd(text: string, root: Spot, changes: readonly Change[], writer: Writer): Change[] {
  return changes
    .map((change) => ({ ...splice(text, root, change, writer), change }))
    .toReversed()
    .toSorted((a, b) => b.from - a.from || b.to - a.to || a.change.path.length - b.change.path.length)
    .map(({ change }) => change)
}

/** How the pair at an entry is written, so that it can be restored. */
export function written(text: string, parent: Spot, entry: Entry): Was {
  if (parent.kind === 'list') return { after: null, text: text.slice(entry.start, entry.end) }
  const index = parent.entries.indexOf(entry)
  const before = parent.entries[index - 1]
  const after = before === undefined ? null : String(before.key)
  if (isInline(text, parent, entry)) {
    const { lead, tail } = around(text, parent, entry)
    const usual = !parent.flow && tail === newline(text, entry)
    return {
      after,
      text: text.slice(entry.start, entry.end),
      ...(lead === undefined ? {} : { lead }),
      ...(tail === undefined || usual ? {} : { tail }),
    }
  }
  const { from, to } = ownLines(text, entry)
  const column = columnOf(text, entry.start)
  const start = before === undefined ? from : lineEnd(text, before.end)
  const skip = text.slice(start, from).split('\n').length - 1
  const raw = lastLine(text.slice(from, to))
  const own = outdented(raw, column)
  const odd = indented(own, column) !== raw
  return { after, ...(skip > 0 ? { skip } : {}), text: odd ? raw : own, ...(odd ? { column } : {}) }
}

/** Why a change cannot be made, as a sentence: its path is inside an alias or a merge. Undefined if it can. */
export function obstructed(root: Spot, { kind, path }: Change): string | undefined {
  const parent = spotAt(root, path.slice(0, -1))
  const open = parent?.kind === 'map' || parent?.kind === 'list'
  const entry = open ? entryAt(parent, path.at(-1)!) : undefined
  // What a merge brings in cannot be taken away here. A readinessProbe that repeats another probe can.
  const there = kind === 'delete' ? entry !== undefined : open && entry?.value.kind !== 'alias'
  return there
    ? undefined
    : `${printPath(path)} comes from a YAML alias or a merge (<<): write it out in place, and try again`
}

function splice(text: string, root: Spot, change: Change, writer: Writer): Splice {
  const why = obstructed(root, change)
  if (why !== undefined) throw new Error(why)
  const parent = spotAt(root, change.path.slice(0, -1))!
  const key = change.path.at(-1)!
  const entry = entryAt(parent, key)
  switch (change.kind) {
    case 'delete':
      return removal(text, parent, entry!, change.own === true)
    case 'insert':
      return insertion(text, parent, Number(key), change.value, change.notes ?? {}, writer)
    case 'set': {
      const { value, notes = {} } = change
      if (entry !== undefined) return replacement(text, parent, entry, value, notes, writer)
      const index = place(keysOf(parent), change)
      if (parent.flow)
        return put(text, parent, index, (margin) => writer.pair(String(key), value, margin), writer)
      const own = writer.block({ [key]: value }, prefixed(String(key), notes))
      return addition(text, parent, index, indented(own, columnOf(text, parent.entries[0]!.start)))
    }
    case 'restore':
      return restoration(text, parent, entry, String(key), change, writer)
    default:
      return change satisfies never
  }
}

function keysOf(parent: Spot): string[] {
  return parent.entries.map((entry) => String(entry.key))
}

function prefixed(key: string, notes: Notes): Notes {
  return Object.fromEntries(
    Object.entries(notes).map(([path, note]) => [path === '' ? key : `${key}.${path}`, note]),
  )
}

/** Restores a recorded pair: in place of the existing one, or where it was. */
function restoration(
  text: string,
  parent: Spot,
  entry: Entry | undefined,
  key: string,
  change: Extract<Change, { kind: 'restore' }>,
  writer: Writer,
): Splice {
  const { was } = change
  if (parent.kind === 'list' && entry !== undefined)
    return { from: entry.start, to: entry.end, text: writer.word(was.text ?? '') }
  const index = place(keysOf(parent), change)
  if (parent.flow) {
    const own = (margin?: string) =>
      was.text === undefined ? writer.pair(key, was.value ?? null, margin) : writer.flat(was.text, margin)
    if (entry === undefined) return put(text, parent, index, own, writer, was)
    return { from: entry.start, to: entry.end, text: own(marginAt(text, entry)) }
  }
  const column = columnOf(text, parent.entries[0]!.start)
  const own = was.text ?? writer.block({ [key]: was.value ?? null }, {})
  const lines =
    was.column === column
      ? own
      : indented(was.column === undefined ? own : outdented(own, was.column), column)
  if (entry !== undefined) return rewriting(text, parent, entry, own, lines)
  const next = parent.entries[index]
  // It was the first entry, on the line of a dash.
  if (index === 0 && next !== undefined && !own.endsWith('\n'))
    return {
      from: next.start,
      to: next.start,
      text: own + (was.tail ?? newline(text, next)),
    }
  return addition(text, parent, index, lastLine(lines), was.skip ?? 0)
}

/** A new value for an existing pair or item. */
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
    const own = blank + writer.inline(value, marginAt(text, entry))
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
      : writer.block({ [String(entry.key)]: value }, prefixed(String(entry.key), notes))
  const end = lineEnd(text, entry.end)
  if (entry.value.start === entry.value.end) {
    // The key has no value, but perhaps a comment after it: the new value goes below.
    const below = writer.block({ [String(entry.key)]: value }, notes).replace(/^.*\n/, '')
    return fresh(text, end, indented(below, column))
  }
  return { from: entry.start, to: end, text: lastly(indented(own, column).trimStart(), text, end) }
}

/** A recorded pair in place of the existing one. */
function rewriting(text: string, parent: Spot, entry: Entry, own: string, lines: string): Splice {
  if (!own.endsWith('\n')) return { from: entry.start, to: entry.end, text: own }
  if (isInline(text, parent, entry)) return { from: entry.start, to: entry.end, text: lines.trim() }
  const { from, to } = ownLines(text, entry)
  return { from, to, text: lastly(lines, text, to) }
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
  if (parent.flow) return put(text, parent, index, (margin) => writer.inline(value, margin), writer)
  const dash = columnOf(text, parent.start)
  const lines = indented(writer.block([value], notes), dash)
  if (next === undefined) return fresh(text, trailingComments(text, lineEnd(text, last!.end), dash), lines)
  const from = leadingComments(text, dashLine(text, parent, next), dash)
  return { from, to: from, text: lines }
}

/** Removes an entry: with its comments if the user wrote it, without them if inject did (`own`). */
function removal(text: string, parent: Spot, entry: Entry, own: boolean): Splice {
  if (parent.flow) return take(parent, entry)
  if (parent.kind === 'list') return whole(text, dashLine(text, parent, entry), lineEnd(text, entry.end))
  if (isInline(text, parent, entry)) return take(parent, entry)
  const { from, to } = ownLines(text, entry)
  return whole(text, from, own ? lineEnd(text, entry.end) : to)
}
