/**
 * The manifests that a command line names: files, folders, standard input. Shell. What is no manifest (the values of a
 * chart, a kustomization, a template) is left out and told, not taken for an error: folders hold such things.
 */
import { readdirSync, readFileSync, statSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { Source } from './arguments.ts'
import { readInput, type Input } from './input.ts'

export interface Inputs {
  readonly read: readonly Input[]
  /** Sentences about what cannot be read; nothing may be done then. */
  readonly problems: readonly string[]
  /** Sentences about what was left out. */
  readonly skipped: readonly string[]
}

/** An unreadable file that names no kind is not a manifest, although its name ends in .json or .yaml. */
const NAMES_A_KIND = /^[\s{]*["']?kind["']?\s*:/m

interface Named {
  readonly path: string
  /** Found in a folder, not named by the user. */
  readonly found: boolean
}

/** Reads all inputs of `source` in order; standard input if it names none. */
export async function readInputs(source: Source): Promise<Inputs> {
  const read: Input[] = []
  const problems: string[] = []
  const left = { templates: [] as string[], others: [] as string[] }
  if (source.files.length === 0 && process.stdin.isTTY)
    return {
      read,
      problems: ['no input: name files or folders, or pipe a manifest into this command'],
      skipped: [],
    }
  const files = source.files.length === 0 ? ['-'] : source.files.flatMap(atCommas)
  for (const { path, found } of files.flatMap((file) => expanded(file, source.recursive, problems))) {
    try {
      const text = path === '-' ? await readAll(process.stdin) : readFileSync(path, 'utf8')
      const reading = readInput(path === '-' ? 'stdin' : path, text)
      if (reading.kind === 'input') read.push(reading.input)
      else if (reading.kind === 'other' && path !== '-') left.others.push(path)
      else if (reading.kind === 'template' && found) left.templates.push(path)
      else if (found && !NAMES_A_KIND.test(text)) left.others.push(path)
      else problems.push(reading.why)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      problems.push(`${path}: ${code === 'ENOENT' ? 'no such file' : message}`)
    }
  }
  return { read, problems, skipped: skippedOf(left) }
}

function skippedOf(left: {
  readonly templates: readonly string[]
  readonly others: readonly string[]
}): string[] {
  return [
    ...counted(left.others, 'not a Kubernetes manifest'),
    ...counted(left.templates, 'a template (render it first: helm template ... | lastcall ...)'),
  ]
}

function counted(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return []
  return [`${paths.length} ${paths.length === 1 ? 'file' : 'files'} skipped, ${what}: ${shortList(paths)}`]
}

function shortList(paths: readonly string[]): string {
  const few = paths.slice(0, 3).join(', ')
  return paths.length > 3 ? `${few}, and ${paths.length - 3} more` : few
}

/** `-f a,b` is two files, unless a file has that name. */
function atCommas(said: string): string[] {
  if (!said.includes(',') || statSync(said, { throwIfNoEntry: false }) !== undefined) return [said]
  return said.split(',').filter(Boolean)
}

/** The manifests of a folder, and with `recursive` those of its subfolders; a file as it is. */
function expanded(file: string, recursive: boolean, problems: string[]): Named[] {
  if (file === '-' || statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [{ path: file, found: false }]
  const here = readdirSync(file, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const manifests = here.flatMap((entry) => manifestsAt(file, entry, recursive))
  if (manifests.length > 0) return manifests
  const deeper = recursive ? [] : here.flatMap((entry) => manifestsAt(file, entry, true))
  problems.push(
    deeper.length > 0
      ? `${file}: no manifests in the folder itself, but ${deeper.length} in its subfolders; add -R to read those too`
      : `${file}: no manifests in the folder (files that end in .yaml, .yml or .json)`,
  )
  return []
}

function manifestsAt(folder: string, entry: Dirent, recursive: boolean): Named[] {
  const path = join(folder, entry.name)
  // A link to a folder could form a loop, so only links to files are followed.
  if (entry.isDirectory()) {
    if (!recursive || entry.name === '.git' || entry.name === 'node_modules') return []
    const inside = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return inside.flatMap((one) => manifestsAt(path, one, true))
  }
  const linked = entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile() === true
  return /\.(ya?ml|json)$/.test(entry.name) && (entry.isFile() || linked) ? [{ path, found: true }] : []
}
