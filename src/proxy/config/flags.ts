/**
 * Splits a command line into flags: `--flag value`, `--flag=value`, switches. Pure; does not know options, defaults or
 * what a value must look like. The proxy and its commands use the same grammar.
 */
import { didYouMean } from './suggest.ts'

/** `value` takes a value (`--settle 3s`), `list` takes one each time it is given, `switch` takes none (`--json`). */
export type FlagKind = 'value' | 'list' | 'switch'

export interface Flags {
  /** By name without dashes. A switch that was given has an empty text; a list has its values, separated by spaces. */
  readonly values: ReadonlyMap<string, string>
  /** Names whose value is missing. */
  readonly missing: ReadonlySet<string>
  readonly problems: readonly string[]
}

/**
 * Reads `argv`, given the flags that exist. Reports every error, not only the first. If a value is given twice, the
 * last one counts.
 */
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
    // The value of an unknown flag is skipped with it, so that one error gives one line.
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
