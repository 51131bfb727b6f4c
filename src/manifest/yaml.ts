/**
 * The one place that knows the YAML library: text to documents (their values, and where everything stands), and values
 * to text. What is written back is the text of the user with edits in it (edit.ts), so comments, order and formatting
 * survive; the library never prints a document that somebody wrote.
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
  visit,
  type Node,
  type Pair,
} from 'yaml'
import type { Notes } from './change.ts'
import { lineNumber } from './lines.ts'
import type { Entry, Spot } from './spot.ts'
import type { Tree } from './tree.ts'

export interface YamlDocument {
  readonly value: Tree
  readonly spot: Spot
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
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true, logLevel: 'silent' })
  const read: YamlDocument[] = []
  for (const document of 'empty' in documents ? [] : documents) {
    const [error] = document.errors
    if (error !== undefined)
      return { kind: 'bad', line: error.linePos?.[0].line ?? 1, why: error.message.split('\n', 1)[0]! }
    const odd = oddKey(document)
    if (odd !== undefined)
      return { kind: 'bad', line: lineNumber(text, odd), why: 'a key that is a map or a list' }
    read.push({ value: document.toJS() as Tree, spot: new Surveyor(text).spot(document.contents, 0) })
  }
  return { kind: 'documents', documents: read }
}

/** Where a key stands that is no scalar: YAML allows it, Kubernetes does not. What templates hold in {{ }} reads so. */
function oddKey(document: Document.Parsed): number | undefined {
  let found: number | undefined
  visit(document, {
    Pair(_, { key }) {
      if (!isCollection(key)) return undefined
      found = key.range?.[0]
      return visit.BREAK
    },
  })
  return found
}

/** The value of a piece of YAML that this program cut out itself; throws if somebody broke it since. */
export function readFragment(text: string): Tree {
  return parse(text, { merge: true }) as Tree
}

/** A value as block YAML without indentation, ending with a newline. */
export function block(value: Tree, notes: Notes, style: Style): string {
  const document = new Document(value)
  annotate(document, notes)
  return document.toString({
    // Lists that are not indented come out right with 2 only: the library takes 2 off whatever is given.
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
      // Short, and always written so.
      if (key === 'drop' && isSeq(pair.value)) pair.value.flow = true
    },
  })
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : ''
}

/** Finds where the nodes of one text stand. */
class Surveyor {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  spot(node: unknown, fallback: number): Spot {
    if (!isCollection(node)) {
      const range = isScalar(node) || isAlias(node) ? node.range : undefined
      const start = range?.[0] ?? fallback
      const end = this.#trimmed(start, range?.[1] ?? start)
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
    const value = this.spot(pair.value, keyEnd + 1)
    return { key: keyOf(pair), start, end: Math.max(keyEnd + 1, value.end), value }
  }

  /** The range of a block scalar goes to the beginning of the next line. */
  #trimmed(start: number, end: number): number {
    return start + this.#text.slice(start, end).trimEnd().length
  }
}
