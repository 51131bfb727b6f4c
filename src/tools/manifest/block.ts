/**
 * Writes a value as block YAML, exactly as the YAML library does, but without its tree of nodes: sidecars are hundreds of
 * lines of plain words, once per workload. The library writes what is not plain: a single scalar, or the whole value. Pure.
 */
import type { Notes } from './change.ts'
import type { Branch, Tree } from './tree.ts'
import { isBranch } from './tree.ts'
import { libraryBlock, scalar, type Style } from './yaml.ts'

/** Words that need no quotes as key or value, except for OTHERS, which YAML reads as something else. */
const PLAIN = /^[a-zA-Z/][\w./-]*$/
/** Flags need no quotes as values. */
const FLAG = /^--[a-z](?:[\w./=,-]|:(?=\w))*$/
/** A cache of what the library made of other words. */
const written = new Map<Tree, string>()
const MOST_WRITTEN = 1000
const OTHERS = /^(null|true|false)$/i

/** A value as block YAML without indentation, ending with a newline; `notes` are comments by the path of the key. */
export function block(value: Tree, notes: Notes, style: Style): string {
  if (!isBranch(value) || Object.keys(value).length === 0 || !isSimple(value))
    return libraryBlock(value, notes, style)
  const out: string[] = []
  mapLines(value, '', { notes, style, out }, '', '')
  return out.join('')
}

/** Whether a value consists of maps with plain keys, lists of maps and scalars, and single-line text. */
function isSimple(value: Tree): boolean {
  // The library has its own way to write text that looks like a document marker.
  if (typeof value === 'string') return !/\n|^(%|---|\.\.\.)/.test(value)
  if (Array.isArray(value)) return value.every((one) => !Array.isArray(one) && isSimple(one as Tree))
  if (!isBranch(value)) return value !== undefined
  return Object.entries(value).every(
    ([key, inner]) =>
      isPlain(key) &&
      isSimple(inner) &&
      (key !== 'drop' || !Array.isArray(inner) || inner.every(isPlainWord)),
  )
}

function isPlainWord(value: Tree): boolean {
  return typeof value === 'string' && isPlain(value)
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !OTHERS.test(text)
}

interface Page {
  readonly notes: Notes
  readonly style: Style
  readonly out: string[]
}

/** The lines of a map; the first one begins with `lead` in place of its indentation. */
function mapLines(map: Branch, path: string, page: Page, indent: string, lead: string): void {
  const { notes, style, out } = page
  let start = lead
  for (const [key, value] of Object.entries(map)) {
    const own = path === '' ? key : `${path}.${key}`
    for (const line of notes[own]?.split('\n') ?? []) {
      out.push(`${start}# ${line}\n`)
      start = indent
    }
    const deeper = ' '.repeat(style.indentLists ? style.indent : 2)
    if (isBranch(value) && Object.keys(value).length > 0) {
      out.push(`${start}${key}:\n`)
      mapLines(value, own, page, indent + deeper, indent + deeper)
    } else if (!Array.isArray(value) || value.length === 0) out.push(`${start}${key}: ${word(value)}\n`)
    // Short, and conventionally written in flow style.
    else if (key === 'drop')
      out.push(`${start}${key}: [${value.map((one) => word(one as Tree)).join(', ')}]\n`)
    else {
      out.push(`${start}${key}:\n`)
      listLines(value as readonly Tree[], own, page, style.indentLists ? indent + deeper : indent)
    }
    start = indent
  }
}

function listLines(items: readonly Tree[], path: string, page: Page, indent: string): void {
  const { out } = page
  for (const item of items)
    if (isBranch(item) && Object.keys(item).length > 0)
      mapLines(item, path, page, `${indent}  `, `${indent}- `)
    else out.push(`${indent}- ${word(item)}\n`)
}

function word(value: Tree): string {
  if (typeof value === 'string' && (isPlain(value) || FLAG.test(value))) return value
  if (Array.isArray(value)) return '[]'
  if (isBranch(value)) return '{}'
  const known = written.get(value)
  if (known !== undefined) return known
  if (written.size >= MOST_WRITTEN) written.clear()
  const text = scalar(value)
  written.set(value, text)
  return text
}
