/**
 * One input (a file, standard input) as Kubernetes objects: YAML or JSON, several documents, Lists unrolled; and the
 * same input with changes made, in the form it came in. Pure.
 */
import { applied, normalise, type Change, type Was } from './change.ts'
import { edited, obstructed, written } from './edit.ts'
import { lineNumber } from './lines.ts'
import { nearest, spotAt } from './spot.ts'
import { at, isBranch, list, text as textOf, type Branch, type Path, type Tree } from './tree.ts'
import { block, inline, readFragment, readYaml, type Style, type YamlDocument } from './yaml.ts'

export interface Input {
  /** As the user named it. */
  readonly name: string
  readonly text: string
  readonly form: 'yaml' | 'json'
  readonly documents: readonly YamlDocument[]
  readonly objects: readonly Item[]
}

/** One object of an input. */
export interface Item {
  /** Number of the document, from 0, and where in it: empty, or `items`, n. */
  readonly document: number
  readonly base: Path
  readonly value: Branch
}

export type InputReading =
  | { readonly kind: 'input'; readonly input: Input }
  | { readonly kind: 'bad'; readonly why: string }
  /** Readable, and no Kubernetes manifest: the values of a chart, a kustomization. */
  | { readonly kind: 'other'; readonly why: string }
  | { readonly kind: 'template'; readonly why: string }

/** Reads one input. What is bad about it is said in a sentence with its name and line. */
export function readInput(name: string, original: string): InputReading {
  const text = original.replaceAll('\r\n', '\n')
  const bad = (why: string, line?: number): { kind: 'bad'; why: string } => ({
    kind: 'bad',
    why: `${name}${line === undefined ? '' : `:${line}`}: ${why}`,
  })
  const reading = readYaml(text)
  if (reading.kind === 'bad') {
    const template = /\{\{[^}]*\}\}/.test(text)
    if (!template) return bad(reading.why, reading.line)
    const hint = bad('a template; give me what it makes (helm template ... | lastcall ...)', reading.line)
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
    const why = bad(`document ${odd + 1} is no Kubernetes object: it has no kind`)
    return objects.length > 0 ? why : { ...why, kind: 'other' }
  }
  if (objects.length > 0 && objects.every(isKustomization))
    return {
      ...bad('a kustomization; give me what it makes (kustomize build ... | lastcall ...)'),
      kind: 'other',
    }
  const form = isJson(text) ? 'json' : 'yaml'
  return { kind: 'input', input: { name, text: original, form, documents: reading.documents, objects } }
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

/** The line, from 1, where `path` of an object stands, or what is nearest to it. */
export function lineOf(input: Input, item: Item, path: Path): number {
  const { spot } = input.documents[item.document]!
  const text = input.text.replaceAll('\r\n', '\n')
  return lineNumber(text, nearest(spot, [...item.base, ...path])?.start ?? spot.start)
}

/** How a key of an object is written, to be able to restore it. */
export function wasOf(input: Input, item: Item, path: Path): Was {
  const whole = [...item.base, ...path]
  const value = at(item.value, ...path) ?? null
  const parent = spotAt(input.documents[item.document]!.spot, whole.slice(0, -1))
  const entry = parent?.entries.find(({ key }) => key === whole.at(-1))
  if (input.form === 'yaml' && parent !== undefined && entry !== undefined)
    return written(input.text.replaceAll('\r\n', '\n'), parent, entry)
  const keys = Object.keys(at(item.value, ...path.slice(0, -1)) ?? {})
  return { after: keys[keys.indexOf(String(path.at(-1))) - 1] ?? null, value }
}

/** The value of a pair that was taken away. */
export function readWas(path: Path, was: Was): Tree {
  if (was.text === undefined) return was.value ?? null
  return at(readFragment(was.text), path.at(-1)!) ?? null
}

/** Changes of one object. */
export interface ObjectChanges {
  readonly item: Item
  readonly changes: readonly Change[]
}

/** Why these changes cannot be made in the text (an alias stands in the way), in a sentence; undefined if they can. */
export function unwritable(input: Input, { item, changes }: ObjectChanges): string | undefined {
  if (input.form === 'json') return undefined
  const { spot } = input.documents[item.document]!
  return moved(item, normalise(item.value, changes))
    .map((change) => obstructed(spot, change.path))
    .find((why) => why !== undefined)
}

/** The text of the input with all changes made; the text itself if there are none. */
export function rewritten(input: Input, all: readonly ObjectChanges[]): string {
  const used = all.filter(({ changes }) => changes.length > 0)
  if (used.length === 0) return input.text
  if (input.form === 'json') return rewrittenJson(input, used)
  const crlf = input.text.includes('\r\n')
  let text = input.text.replaceAll('\r\n', '\n')
  // The last document first: the places of the others stay what they are.
  for (const [index, { spot }] of [...input.documents.entries()].toReversed()) {
    const changes = used
      .filter(({ item }) => item.document === index)
      .flatMap(({ item, changes: own }) => moved(item, normalise(item.value, own)))
    const style = styleOf(text, input.documents[index]!)
    const writer = {
      step: style.indent,
      block: (value: Tree, notes: Readonly<Record<string, string>>) => block(value, notes, style),
      inline,
      flat: (pair: string) => inline(readFragment(pair)).replace(/^\{ | \}$/g, ''),
    }
    const again = (changed: string) => {
      const reading = readYaml(changed)
      if (reading.kind === 'bad') throw new Error(`this cannot be written: ${reading.why}`)
      return reading.documents[index]!.spot
    }
    if (changes.length > 0) text = edited(text, spot, changes, writer, again)
  }
  return crlf ? text.replaceAll('\n', '\r\n') : text
}

/** Changes of an object as changes of the document it is in. */
function moved(item: Item, changes: readonly Change[]): Change[] {
  return changes.map((change) => ({ ...change, path: [...item.base, ...change.path] }))
}

function rewrittenJson(input: Input, all: readonly ObjectChanges[]): string {
  const [document] = input.documents
  const changes = all.flatMap(({ item, changes: own }) => moved(item, normalise(item.value, own)))
  const paths = new Map(
    changes.flatMap((one) => (one.kind === 'restore' ? [[one.was, one.path] as const] : [])),
  )
  const value = applied(document!.value, changes, (was) => readWas(paths.get(was) ?? [], was))
  const indent = /^[[{]\s*?\n([ \t]+)/.exec(input.text)?.[1] ?? ''
  return JSON.stringify(value, undefined, indent) + (input.text.endsWith('\n') ? '\n' : '')
}

function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The indentation that the document itself has: of its first nested map, and of its first list below a key. */
function styleOf(text: string, { spot }: YamlDocument): Style {
  const column = (offset: number) => offset - (text.lastIndexOf('\n', offset - 1) + 1)
  let indent: number | undefined
  let indentLists: boolean | undefined
  const walk = (here: typeof spot): void => {
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
