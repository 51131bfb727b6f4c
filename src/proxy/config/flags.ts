/**
 * The command line taken apart: `--flag value`, `--flag=value`, switches. Pure; knows neither options nor defaults.
 * What a value must look like is the business of who asked. One grammar for the proxy and for its commands.
 */
import { didYouMean } from './suggest.ts'

/** `value` takes one (`--settle 3s`), `list` one each time it is given, `switch` takes none (`--json`). */
export type FlagKind = 'value' | 'list' | 'switch'

export interface Flags {
  /** By name without dashes; a switch that was given has the empty text, a list its values with spaces between them. */
  readonly values: ReadonlyMap<string, string>
  /** Names whose value is missing. */
  readonly missing: ReadonlySet<string>
  readonly problems: readonly string[]
}

/** Reads `argv` against the flags that exist. Reports every mistake, not only the first; the last value given counts. */
export function readFlags(argv: readonly string[], known: ReadonlyMap<string, FlagKind>): Flags {
  const values = new Map<string, string>()
  const missing = new Set<string>()
  const problems: string[] = []
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i]!
    if (!word.startsWith('--') || word === '--') {
      problems.push(word.startsWith('-') ? `${word}: no such flag; flags begin with two dashes` : stray(word))
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(2, equals === -1 ? undefined : equals)
    const kind = known.get(name)
    const next = argv[i + 1]
    let value = equals === -1 ? undefined : word.slice(equals + 1)
    // The value of an unknown flag is skipped with it: one mistake, one line.
    if (kind !== 'switch' && value === undefined && next !== undefined && !next.startsWith('--')) {
      value = next
      i += 1
    }
    if (kind === undefined)
      problems.push(`--${name}: unknown flag${didYouMean(name, [...known.keys()].map(dashed))}`)
    else if (values.has(name) && kind !== 'list') problems.push(`--${name}: given more than once; keep one`)
    else if (kind === 'switch' && value !== undefined) problems.push(`--${name}: takes no value`)
    if (kind !== undefined && kind !== 'switch' && value === undefined) missing.add(name)
    else if (kind !== undefined) {
      const before = kind === 'list' ? values.get(name) : undefined
      values.set(name, before === undefined ? (value ?? '') : `${before} ${value}`)
    }
  }
  problems.push(...[...missing].map((name) => `--${name}: needs a value`))
  return { values, missing, problems }
}

function dashed(name: string): string {
  return `--${name}`
}

function stray(word: string): string {
  return `${JSON.stringify(word)}: not expected here; options begin with --`
}
