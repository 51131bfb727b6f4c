/**
 * Turns JSON text into documents (values and positions), as yaml.ts does for YAML; several values may follow one another
 * (`kubectl get -o json` twice). Accepts only what RFC 8259 allows, without repeated names; anything else may be YAML.
 * Pure.
 */
import type { Entry, Spot } from './spot.ts'
import type { Tree } from './tree.ts'

export interface JsonDocument {
  readonly value: Tree
  readonly spot: Spot
}

interface Parsed {
  readonly value: Tree
  readonly spot: Spot
}

/** No manifest is this deep, and a deeper text must not overflow the stack. */
const MAX_DEPTH = 500
const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- the control characters that a string may not hold (RFC 8259 §7)
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y
const WORDS: ReadonlyMap<string, Tree> = new Map<string, Tree>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const WORD = /true|false|null/y

/** The documents of a text that contains only JSON objects; undefined for any other text. */
export function readJson(text: string): JsonDocument[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  const reader = new Reader(text)
  const documents: JsonDocument[] = []
  while (!reader.atEnd()) {
    const parsed = reader.value(0)
    if (parsed === undefined || parsed.spot.kind !== 'map') return undefined
    documents.push(parsed)
  }
  return documents
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    this.#skip()
    return this.#at === this.#text.length
  }

  value(depth: number): Parsed | undefined {
    this.#skip()
    const start = this.#at
    const first = this.#text[start]
    if (depth > MAX_DEPTH) return undefined
    if (first === '{' || first === '[') return this.#collection(first === '{' ? 'map' : 'list', depth)
    const value = first === '"' ? this.#string() : this.#plain()
    if (value === undefined) return undefined
    return { value, spot: { kind: 'scalar', flow: false, start, end: this.#at, entries: [] } }
  }

  #collection(kind: 'map' | 'list', depth: number): Parsed | undefined {
    const start = this.#at
    const close = kind === 'map' ? '}' : ']'
    const entries: Entry[] = []
    const values: [string, Tree][] = []
    const names = new Set<string>()
    this.#at += 1
    this.#skip()
    while (this.#text[this.#at] !== close) {
      if (entries.length > 0 && !this.#take(',')) return undefined
      this.#skip()
      const from = this.#at
      const name = kind === 'map' ? this.#string() : ''
      if (name === undefined || (kind === 'map' && (names.has(name) || !this.#take(':')))) return undefined
      names.add(name)
      const inner = this.value(depth + 1)
      if (inner === undefined) return undefined
      const key = kind === 'map' ? name : entries.length
      entries.push({ key, start: from, end: inner.spot.end, value: inner.spot })
      values.push([name, inner.value])
      this.#skip()
    }
    this.#at += 1
    const value: Tree = kind === 'map' ? Object.fromEntries(values) : values.map(([, item]) => item)
    return { value, spot: { kind, flow: true, start, end: this.#at, entries } }
  }

  #plain(): Tree | undefined {
    const word = this.#match(WORD)
    if (word !== undefined) return WORDS.get(word)
    const number = this.#match(NUMBER)
    return number === undefined || number === '' ? undefined : Number(number)
  }

  #string(): string | undefined {
    const found = this.#match(STRING)
    return found === undefined ? undefined : (JSON.parse(found) as string)
  }

  #take(sign: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #skip(): void {
    this.#match(SPACE)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return undefined
    this.#at += found[0].length
    return found[0]
  }
}
