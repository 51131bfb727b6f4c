/**
 * A value as block YAML, exactly as the YAML library writes it, without building its tree of nodes: sidecars are
 * hundreds of lines of plain words, and there are as many of them as workloads. What is not plain goes to the library:
 * a scalar alone, or all of it. Pure.
 */
import type { Notes } from './change.ts'
import type { Branch, Tree } from './tree.ts'
import { isBranch } from './tree.ts'
import { libraryBlock, scalar, type Style } from './yaml.ts'

/** Words that mean themselves, as key and as value, wherever they stand; YAML reads some of them as something else. */
const PLAIN = /^[a-zA-Z/][\w./-]*$/
/** Flags mean themselves as values. */
const FLAG = /^--[a-z](?:[\w./=,-]|:(?=\w))*$/
/** What the library made of other words, until there are many. */
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

/** Maps with plain keys, lists of maps and of scalars; no text of several lines. */
function isSimple(value: Tree): boolean {
  // What looks like the end of a document, the library writes in a way of its own.
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

/** The lines of a map; its first one begins with `lead`, which stands in for its indentation. */
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
    // Short, and always written so.
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
