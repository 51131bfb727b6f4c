/**
 * The only file that uses the YAML library: it turns text into documents (values and positions), and values into text.
 * The library never prints a user's document: edit.ts edits the user's text, so that comments, order and formatting
 * survive.
 */
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parse,
  parseAllDocuments,
  parseDocument,
  visit,
  type Node,
  type Pair,
} from 'yaml'
import type { Notes } from './change.ts'
import { readJson } from './json.ts'
import { lineNumber } from './lines.ts'
import type { Entry, Spot } from './spot.ts'
import type { Tree } from './tree.ts'

export interface YamlDocument {
  readonly value: Tree
  readonly spot: Spot
  /** Where its text ends, comments included. */
  readonly end: number
}

export type YamlReading =
  | { readonly kind: 'documents'; readonly documents: readonly YamlDocument[] }
  | { readonly kind: 'bad'; readonly line: number; readonly why: string }

/** How lists and maps are indented. */
export interface Style {
  readonly indent: number
  readonly indentLists: boolean
}

/** Reads all documents of a text; empty ones have the value null. */
export function readYaml(text: string): YamlReading {
  const documents = parseAllDocuments(withoutSchemas(text), OPTIONS)
  const read: YamlDocument[] = []
  for (const document of 'empty' in documents ? [] : documents) {
    const [error] = document.errors
    if (error !== undefined)
      return { kind: 'bad', line: lineNumber(text, error.pos[0]), why: sentenceOf(error.message) }
    const surveyor = new Surveyor(text)
    const spot = surveyor.spot(document.contents, 0)
    if (surveyor.odd !== undefined)
      return { kind: 'bad', line: lineNumber(text, surveyor.odd), why: 'a key that is a map or a list' }
    read.push({ value: document.toJS() as Tree, spot, end: endOf(text, document, spot) })
  }
  return { kind: 'documents', documents: read }
}

/** What the library says of an error, in one line; of a text that is nested thousands of times it names its own stack. */
function sentenceOf(message: string): string {
  return message.includes('call stack') ? 'nested too deeply' : message.split('\n', 1)[0]!
}

const OPTIONS = { merge: true, uniqueKeys: true, logLevel: 'silent', prettyErrors: false } as const

/**
 * Replaces the spec of each CustomResourceDefinition with a comment of the same length: it is not needed here, and it is
 * what makes such files long.
 */
function withoutSchemas(text: string): string {
  if (!text.includes('CustomResourceDefinition')) return text
  return text
    .split(/^(?=---)/m)
    .map((document) =>
      /^kind: *"?CustomResourceDefinition"? *$/m.test(document)
        ? document.replace(
            /^spec:[^\S\n]*\n(?:(?:[ \t-].*)?\n)*/m,
            (spec) => `#${' '.repeat(spec.length - 2)}\n`,
          )
        : document,
    )
    .join('')
}

function endOf(text: string, document: Document.Parsed, spot: Spot): number {
  const end = document.range[1]
  // A marker after it (`---`, `...`) does not belong to it.
  return Math.max(spot.end, Math.min(end, text.length))
}

/** Reads JSON as documents; undefined if it is not JSON. */
export function readJsonText(text: string): YamlDocument[] | undefined {
  return readJson(text)?.map(({ value, spot }) => ({ value, spot, end: spot.end }))
}

/** Positions in a piece of YAML that this program has cut out; aliases may refer to text outside it. */
export function readYamlSpot(text: string): Spot {
  const [document] = parseAllDocuments(text, OPTIONS)
  return new Surveyor(text).spot((document as Document.Parsed).contents, 0)
}

/** The same for JSON. */
export function readJsonSpot(text: string): Spot {
  return readJson(text)![0]!.spot
}

/** The value of a pair that this program has recorded, in block or flow style; throws if somebody has broken it since. */
export function readFragment(text: string): Tree {
  const document = parseDocument(text, OPTIONS)
  // An alias leads out of it: that there is something is all that can be said of its value.
  visit(document, { Alias: (_, { source }) => document.createNode(`*${source}`) })
  // `"key":{}` is a pair in flow style only.
  return (document.errors.length === 0 ? document.toJS() : parse(`{${text}}`, { merge: true })) as Tree
}

/** A scalar of one line in a block. */
export function scalar(value: Tree): string {
  return new Document(value).toString({ lineWidth: 0 }).trimEnd()
}

/** A value as block YAML without indentation, ending with a newline. See block.ts. */
export function libraryBlock(value: Tree, notes: Notes, style: Style): string {
  const document = new Document(value)
  annotate(document, notes)
  return document.toString({
    // Unindented lists need an indent of 2: the library always subtracts 2.
    indent: style.indentLists ? style.indent : 2,
    indentSeq: style.indentLists,
    lineWidth: 0,
    flowCollectionPadding: false,
  })
}

/** A value in one line. */
export function inline(value: Tree): string {
  const document = new Document(value)
  return document.toString({ collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trimEnd()
}

function annotate(document: Document, notes: Notes): void {
  visit(document, {
    Pair(_, pair, path) {
      const key = keyOf(pair)
      const above = path.flatMap((node) => ('key' in node ? [keyOf(node)] : []))
      const note = notes[[...above, key].join('.')]
      if (note !== undefined) (pair.key as Node).commentBefore = note.replace(/^/gm, ' ')
      // Short, and conventionally written in flow style.
      if (key === 'drop' && isSeq(pair.value)) pair.value.flow = true
    },
  })
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : ''
}

/** Finds the positions of the nodes of a text. */
class Surveyor {
  readonly #text: string
  /**
   * The offset of a key that is not a scalar, if there is one. YAML allows such keys, Kubernetes does not; {{ }} of a
   * template parses as one.
   */
  odd: number | undefined
  /** By its name, the part that an alias would repeat: the last one before it. */
  readonly #anchors = new Map<string, Spot>()

  constructor(text: string) {
    this.#text = text
  }

  spot(node: unknown, fallback: number): Spot {
    const spot = this.#spot(node, fallback)
    if (isAlias(node)) {
      const repeated = this.#anchors.get(node.source)
      if (repeated !== undefined) repeated.shared = node.source
    } else if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, spot)
    return spot
  }

  #spot(node: unknown, fallback: number): Spot {
    if (!isCollection(node)) {
      const range = isScalar(node) || isAlias(node) ? node.range : undefined
      const start = range?.[0] ?? fallback
      const keeps = isScalar(node) && /^[|>]\d?\+/.test(this.#text.slice(start, start + 3))
      // Blank lines after a block scalar belong to it only if it keeps them (`|+`).
      const end = keeps ? range![1] - 1 : this.#trimmed(start, range?.[1] ?? start)
      return { kind: isAlias(node) ? 'alias' : 'scalar', flow: false, start, end, entries: [] }
    }
    const start = node.range?.[0] ?? fallback
    const entries = isMap(node)
      ? node.items.map((pair) => this.#entry(pair))
      : node.items.map((item, i): Entry => {
          const value = this.spot(item, start)
          return { key: i, start: value.start, end: value.end, value }
        })
    const flow = node.flow === true
    const end = flow ? (node.range?.[1] ?? start) : (entries.at(-1)?.end ?? start)
    return { kind: isMap(node) ? 'map' : 'list', flow, start, end, entries }
  }

  #entry(pair: Pair): Entry {
    const [start, keyEnd] = (pair.key as Node).range ?? [0, 0, 0]
    if (isCollection(pair.key)) this.odd ??= start
    // A key without a colon has no value: `{ a, b }`.
    const after = /^\s*:/.test(this.#text.slice(keyEnd, keyEnd + 64)) ? keyEnd + 1 : keyEnd
    const value = this.spot(pair.value, after)
    return { key: keyOf(pair), start, end: Math.max(after, value.end), value }
  }

  /** The range of a block scalar goes to the beginning of the next line. */
  #trimmed(start: number, end: number): number {
    return start + this.#text.slice(start, end).trimEnd().length
  }
}
