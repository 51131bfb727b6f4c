/**
 * One input (a file, standard input) as Kubernetes objects: YAML or JSON, several documents, Lists unrolled. Pure.
 */
import { lineStarts } from './lines.ts'
import { nearest } from './spot.ts'
import { isBranch, list, text as textOf, type Branch, type Path, type Tree } from './tree.ts'
import { readJsonText, readYaml, type YamlDocument } from './yaml.ts'

export interface Input {
  /** As the user named it. */
  readonly name: string
  readonly text: string
  /** The text with line feeds only; all offsets refer to it. */
  readonly lf: string
  readonly form: 'yaml' | 'json'
  readonly documents: readonly YamlDocument[]
  readonly objects: readonly Item[]
}

/** One object of an input. */
export interface Item {
  /** Index of the document, from 0, and the path in it: empty, or `items`, n. */
  readonly document: number
  readonly base: Path
  readonly value: Branch
}

export type InputReading =
  | { readonly kind: 'input'; readonly input: Input }
  | { readonly kind: 'bad'; readonly why: string }
  /** Readable, but not a Kubernetes manifest: the values of a chart, a kustomization. */
  | { readonly kind: 'other'; readonly why: string }
  | { readonly kind: 'template'; readonly why: string }

/** Reads one input. An error is a sentence with its name and line. */
export function readInput(name: string, original: string): InputReading {
  const text = original.replaceAll('\r\n', '\n')
  const bad = (why: string, line?: number): { kind: 'bad'; why: string } => ({
    kind: 'bad',
    why: `${name}${line === undefined ? '' : `:${line}`}: ${why}`,
  })
  // Windows PowerShell writes UTF-16 with `>`; its byte order mark is no UTF-8.
  if (text.startsWith('\uFFFD\uFFFD') && text.includes('\0'))
    return bad('is UTF-16; save it as UTF-8 (in PowerShell: ... | Out-File -Encoding utf8 FILE)')
  const json = readJsonText(text)
  const reading = json === undefined ? readYaml(text) : ({ kind: 'documents', documents: json } as const)
  if (reading.kind === 'bad') {
    const template = /\{\{[^}]*\}\}/.test(text)
    if (!template) return bad(reading.why, reading.line)
    const hint = bad('a template; render it first (helm template ... | lastcall ...)', reading.line)
    return { ...hint, kind: 'template' }
  }
  const objects: Item[] = []
  let odd: number | undefined
  for (const [document, { value }] of reading.documents.entries()) {
    if (value === null) continue
    const found = unrolled(document, value)
    if (found === undefined) odd ??= document
    else objects.push(...found)
  }
  if (odd !== undefined) {
    const why = bad(`document ${odd + 1} is not a Kubernetes object: it has no kind`)
    return objects.length > 0 ? why : { ...why, kind: 'other' }
  }
  if (objects.length > 0 && objects.every(isKustomization))
    return {
      ...bad('a kustomization; build it first (kustomize build ... | lastcall ...)'),
      kind: 'other',
    }
  const form = json === undefined ? 'yaml' : 'json'
  const { documents } = reading
  return { kind: 'input', input: { name, text: original, lf: text, form, documents, objects } }
}

function isKustomization({ value }: Item): boolean {
  return textOf(value['apiVersion'])?.startsWith('kustomize.config.k8s.io/') === true
}

function unrolled(document: number, value: Tree): Item[] | undefined {
  const kind = isBranch(value) ? textOf(value['kind']) : undefined
  if (!isBranch(value) || kind === undefined) return undefined
  if (!kind.endsWith('List') || value['items'] === undefined) return [{ document, base: [], value }]
  return list(value['items']).flatMap((item, i) =>
    isBranch(item) ? [{ document, base: ['items', i], value: item }] : [],
  )
}

/** The line, from 1, of `path` in an object, or of its nearest existing parent. */
export function lineOf(input: Input, item: Item, path: Path): number {
  const { spot } = input.documents[item.document]!
  return lineAt(input, nearest(spot, [...item.base, ...path])?.start ?? spot.start)
}

const LINES = new WeakMap<Input, readonly number[]>()

/** Binary search in the offsets of the lines, which are computed once per input. */
function lineAt(input: Input, offset: number): number {
  let starts = LINES.get(input)
  if (starts === undefined) LINES.set(input, (starts = lineStarts(input.lf)))
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle
  }
  return low + 1
}
