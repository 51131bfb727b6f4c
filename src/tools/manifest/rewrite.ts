/**
 * Applies changes to an input as splices of the user's text, so that everything else stays the same to the byte. The time
 * is linear in the text: one parse, and another one of an object's own text if its changes overlap. Pure.
 */
import { block } from './block.ts'
import { normalise, type Change, type Was } from './change.ts'
import { fromTheEnd, obstructed, splices, written } from './edit.ts'
import type { Input, Item } from './input.ts'
import { lineStart } from './lines.ts'
import type { Splice, Writer } from './splice.ts'
import { entryAt, spotAt, type Spot } from './spot.ts'
import { at, isBranch, printPath, type Path, type Tree } from './tree.ts'
import { inline, readFragment, readJsonSpot, readYamlSpot, type Style } from './yaml.ts'

/** Changes of one object. */
export interface ObjectChanges {
  readonly item: Item
  readonly changes: readonly Change[]
}

/** How a key of an object is written, so that it can be restored. */
export function wasOf(input: Input, item: Item, path: Path): Was {
  const parent = spotAt(rootOf(input, item)!, path.slice(0, -1))
  const entry = parent === undefined ? undefined : entryAt(parent, path.at(-1)!)
  if (parent !== undefined && entry !== undefined) return written(input.lf, parent, entry)
  // It comes from an alias: it cannot be changed, so it need not be restored.
  return { after: null, value: at(item.value, ...path) ?? null }
}

/** The value of a recorded pair. */
export function readWas(path: Path, was: Was): Tree {
  if (was.text === undefined) return was.value ?? null
  return at(readFragment(was.text), path.at(-1)!) ?? null
}

/** Why these changes cannot be made in the text (because of an alias), as a sentence; undefined if they can. */
export function unwritable(input: Input, { item, changes }: ObjectChanges): string | undefined {
  const root = rootOf(input, item)!
  return normalise(item.value, changes)
    .map((change) => obstructed(root, change) ?? repeated(input, item, change))
    .find((why) => why !== undefined)
}

/** Why a change would change more than it should: an alias repeats what it changes, or a part of what it takes away. */
function repeated(input: Input, { document, base }: Item, { kind, path }: Change): string | undefined {
  let here: Spot | undefined = input.documents[document]!.spot
  const above: Spot[] = []
  for (const step of [...base, ...path]) {
    above.push(here)
    here = entryAt(here, step)?.value
    if (here === undefined) break
  }
  const gone = here === undefined || kind === 'insert' ? [] : anchored(here)
  const anchor = [...above, ...gone].find(({ shared }) => shared !== undefined)?.shared
  return anchor === undefined
    ? undefined
    : `${printPath(path)} has to change, and the YAML alias *${anchor} repeats it elsewhere: write it out in place, and try again`
}

/** A part of a document and all parts in it that aliases repeat. */
function anchored(spot: Spot): Spot[] {
  const inner = spot.entries.flatMap(({ value }) => anchored(value))
  return spot.shared === undefined ? inner : [spot, ...inner]
}

/** The text of the input with all changes made; the text itself if there are none. */
export function rewritten(input: Input, all: readonly ObjectChanges[]): string {
  const used = all.filter(({ changes }) => changes.length > 0)
  if (used.length === 0) return input.text
  const writers = new Map<number, Writer>()
  const found = used.flatMap(({ item, changes }) => {
    const writer = writers.get(item.document) ?? writerOf(input, item.document)
    writers.set(item.document, writer)
    return objectSplices(input, item, normalise(item.value, changes), writer)
  })
  return spliced(
    input,
    found.toSorted((a, b) => a.from - b.from),
  )
}

function rootOf(input: Input, { document, base }: Item): Spot | undefined {
  return spotAt(input.documents[document]!.spot, base)
}

/** The splices of one object; if its changes overlap, one splice that replaces the object. */
function objectSplices(input: Input, item: Item, changes: readonly Change[], writer: Writer): Splice[] {
  const { lf: text } = input
  const root = rootOf(input, item)!
  const found = splices(text, root, changes, writer)
  if (found !== undefined) return found
  const from = lineStart(text, root.start)
  const to = endOf(input, item)
  // A dash or a brace before it on its line belongs to its parent.
  const margin = ' '.repeat(root.start - from)
  let own = margin + text.slice(root.start, to)
  const read = input.form === 'json' ? readJsonSpot : readYamlSpot
  for (const change of fromTheEnd(text, root, changes, writer)) {
    const [only] = splices(own, read(own), [change], writer)!
    own = own.slice(0, only!.from) + only!.text + own.slice(only!.to)
  }
  return [{ from: root.start, to, text: own.slice(margin.length) }]
}

/** The end of an object's text, including the comments below it. */
function endOf(input: Input, { document, base }: Item): number {
  const { spot, end } = input.documents[document]!
  let here = spot
  let to = spot.flow ? spot.end : end
  for (const step of base) {
    const index = here.entries.findIndex(({ key }) => key === step)
    const next = here.entries[index + 1]
    const { value } = here.entries[index]!
    if (value.flow) to = value.end
    else if (next !== undefined) to = lineStart(input.lf, next.start)
    here = value
  }
  return to
}

/** Applies the splices. Everything else comes from the original text, whose line ends may be mixed. */
function spliced({ text, lf }: Input, found: readonly Splice[]): string {
  const [kept, ends] =
    text.length === lf.length ? [(a: number, b: number) => lf.slice(a, b), '\n'] : mixed(text)
  const pieces: string[] = []
  let done = 0
  for (const { from, to, text: own } of found) {
    pieces.push(kept(done, from), ends === '\n' ? own : own.replaceAll('\n', ends))
    done = to
  }
  pieces.push(kept(done, lf.length))
  return pieces.join('')
}

/** Slices of a text by its offsets without carriage returns, and the line end that most of its lines have. */
function mixed(text: string): [(from: number, to: number) => string, string] {
  const returns: number[] = []
  let lines = 0
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) {
    lines += 1
    if (text[i - 1] === '\r') returns.push(i - 1 - returns.length)
  }
  let passed = 0
  // Offsets are asked for in ascending order.
  const before = (offset: number) => {
    while (passed < returns.length && returns[passed]! < offset) passed += 1
    return offset + passed
  }
  return [(from, to) => text.slice(before(from), before(to)), returns.length * 2 > lines ? '\r\n' : '\n']
}

function writerOf(input: Input, document: number): Writer {
  const { lf: text, form } = input
  if (form === 'json') return jsonWriter(text)
  const style = styleOf(text, input.documents[document]!.spot)
  return {
    step: 0,
    gap: ' ',
    block: (value, notes) => block(value, notes, style),
    inline: (value) => inline(value),
    pair: (key, value) => bare(inline({ [key]: value })),
    word: (own) => own,
    flat: (pair) => (pair.endsWith('\n') ? bare(inline(readFragment(pair))) : pair),
  }
}

/** Without its braces. */
function bare(map: string): string {
  return map.replace(/^\{ | \}$/g, '')
}

/** Writes JSON as the text does: on several lines with its indentation, or on one line. */
function jsonWriter(text: string): Writer {
  const step = /^\s*\{[^\S\n]*\n([ \t]+)/.exec(text)?.[1] ?? ''
  const colon = /"\s*:(\s?)/.exec(text)?.[1] === '' ? ':' : ': '
  const json = (value: Tree, margin?: string) =>
    margin === undefined
      ? JSON.stringify(value)
      : JSON.stringify(value, undefined, step).replaceAll('\n', `\n${margin}`)
  const pair = (key: string, value: Tree, margin?: string) =>
    `${JSON.stringify(key)}${colon}${json(value, margin)}`
  return {
    step: step.length,
    gap: '',
    block: (value) => json(value),
    inline: json,
    pair,
    word: (own) => (isJson(own) ? own : json(readFragment(own))),
    flat: (said, margin) => {
      if (isJson(`{${said}}`)) return said
      const value = readFragment(said)
      const [key = '', inner = null] = isBranch(value) ? (Object.entries(value)[0] ?? []) : []
      return pair(key, inner, margin)
    },
  }
}

function isJson(said: string): boolean {
  try {
    JSON.parse(said)
    return true
  } catch {
    return false
  }
}

/** The indentation of the document: of its first nested map, and of its first list below a key. */
function styleOf(text: string, spot: Spot): Style {
  const column = (offset: number) => offset - lineStart(text, offset)
  let indent: number | undefined
  let indentLists: boolean | undefined
  const walk = (here: Spot): void => {
    for (const entry of here.entries) {
      const inner = entry.value
      const deeper = inner.entries.length > 0 && !inner.flow && here.kind === 'map'
      if (deeper && inner.kind === 'map') indent ??= column(inner.start) - column(entry.start)
      if (deeper && inner.kind === 'list') indentLists ??= column(inner.start) > column(entry.start)
      if (indent === undefined || indentLists === undefined) walk(inner)
    }
  }
  walk(spot)
  return { indent: Math.max(indent ?? 2, 2), indentLists: indentLists ?? true }
}
