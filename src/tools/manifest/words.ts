/**
 * A command line in the manner of kubectl, taken apart: short flags, flags that hold a list, files without a flag.
 * What is left is for config/flags.ts, which reads the flags that lastcall itself has. Pure.
 */
import type { FlagKind } from '../../proxy/config/flags.ts'

/** `list`: may be given again, and may hold several values with commas between. `again`: the same, without commas. */
export type WordKind = FlagKind | 'again'

export interface Words {
  /** The flags that are no lists, in their long form, with their values. */
  readonly rest: readonly string[]
  readonly lists: ReadonlyMap<string, readonly string[]>
  /** Words that belong to no flag; `-` among them. */
  readonly loose: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Takes `argv` apart. `known` has every flag by its long name, `other` the other names of some of them: one letter
 * for `-f`, more for `--filename`. The words behind an unknown flag are taken for its value, as config/flags.ts does.
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
      // -Rf FILE: the letters after a switch are flags too.
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
  /** Behind `=`. */
  readonly value: string | undefined
  /** Behind a short flag, without a space. */
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

/** A negative number is a value: what is wrong with it is the flag's to say. */
function isNegative(next: string | undefined): boolean {
  return next !== undefined && /^-\d/.test(next)
}
