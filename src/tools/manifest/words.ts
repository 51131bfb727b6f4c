/**
 * Splits a command line as kubectl does: short flags, flags with lists, files without a flag. config/flags.ts reads the
 * rest, which are the flags of lastcall itself. Pure.
 */
import type { FlagKind } from '../../proxy/config/flags.ts'

/** `list`: repeatable, with several values separated by commas. `again`: repeatable, without commas. */
export type WordKind = FlagKind | 'again'

export interface Words {
  /** The flags that are not lists, in their long form, with their values. */
  readonly rest: readonly string[]
  readonly lists: ReadonlyMap<string, readonly string[]>
  /** Words that belong to no flag, including `-`. */
  readonly loose: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Splits `argv`. `known` has every flag by its long name, `other` has alternative names: one letter for `-f`, more for
 * `--filename`. A word after an unknown flag counts as its value, as in config/flags.ts.
 */
export function readWords(
  argv: readonly string[],
  known: ReadonlyMap<string, WordKind>,
  other: Readonly<Record<string, string>>,
): Words {
  const rest: string[] = []
  const loose: string[] = []
  const problems: string[] = []
  const lists = new Map<string, string[]>()
  const queue = [...argv]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const flag = flagIn(word, other)
    if (flag === undefined) {
      if (word !== '-' && word.startsWith('-')) rest.push(word)
      else loose.push(word)
      continue
    }
    const { name, said, glued } = flag
    const kind = known.get(name)
    if (kind === 'switch') {
      rest.push(`--${name}`)
      // -Rf FILE: the letters after a switch are flags as well.
      if (glued !== '') queue.unshift(`-${glued}`)
      else if (flag.value !== undefined) rest.splice(-1, 1, word)
      continue
    }
    const next = queue[0]
    const follows = next !== undefined && (next === '-' || !next.startsWith('-'))
    const given = flag.value ?? (glued === '' ? undefined : glued.replace(/^=/, ''))
    const value = given ?? (follows || (kind === 'value' && isNegative(next)) ? queue.shift() : undefined)
    if (kind !== 'list') {
      rest.push(value === undefined ? `--${name}` : `--${name}=${value}`)
      if (kind === undefined && given === undefined && value !== undefined)
        rest.splice(-1, 1, `--${name}`, value)
    } else if (value === undefined || value === '') problems.push(`${said}: needs a value`)
    else lists.set(name, [...(lists.get(name) ?? []), value])
  }
  return { rest, lists, loose, problems }
}

interface FlagWord {
  readonly name: string
  /** As the user wrote it. */
  readonly said: string
  /** After `=`. */
  readonly value: string | undefined
  /** After a short flag, without a space. */
  readonly glued: string
}

function flagIn(word: string, other: Readonly<Record<string, string>>): FlagWord | undefined {
  const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
  if (long !== undefined)
    return {
      name: (Object.hasOwn(other, long) ? other[long] : undefined) ?? long,
      said: `--${long}`,
      value,
      glued: '',
    }
  const [, short = '', glued = ''] = /^-(\w)(.*)$/s.exec(word) ?? []
  const name = Object.hasOwn(other, short) ? other[short] : undefined
  return name === undefined ? undefined : { name, said: `-${short}`, value: undefined, glued }
}

/** A negative number counts as a value, so that the flag itself can report what is wrong with it. */
function isNegative(next: string | undefined): boolean {
  return next !== undefined && /^-\d/.test(next)
}
