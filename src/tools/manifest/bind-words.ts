/**
 * The command line of a container in its manifest: its words, the flags among them, and the same flag with an address on
 * loopback. Pure.
 */
import { list, text } from './tree.ts'
import type { Container } from './workload.ts'

export type WordBinding =
  /** The app already listens on loopback. */
  | { readonly kind: 'there' }
  /** A word of the command line. */
  | {
      readonly kind: 'word'
      readonly list: 'command' | 'args'
      readonly index: number
      readonly value: string
    }

export const LOOPBACK = '127.0.0.1'
/** How servers write "all addresses". */
const EVERYWHERE = new Set(['', '0.0.0.0', '0', '::', '[::]', '*', '+', '*4', '!4', '*6', '!6'])
const THERE = new Set([LOOPBACK, 'localhost'])

export interface Word {
  readonly list: 'command' | 'args'
  readonly index: number
  readonly text: string
  /** The word is a script for the shell before it. */
  readonly script: boolean
}

/** The command line in the manifest. */
export function wordsOf({ value }: Container): Word[] {
  const words = (['command', 'args'] as const).flatMap((where) =>
    list(value[where]).map((one, index) => ({ list: where, index, text: text(one) ?? '' })),
  )
  const shell = /^(\/\S*\/)?(ba|da|a|z)?sh$/.test(words[0]?.text ?? '')
  const isCode = (i: number) => shell && /^-\w*c$/.test(words[i - 1]?.text ?? '')
  return words.map(({ list: where, index, text: said }, i) => ({
    list: where,
    index,
    text: said,
    script: isCode(i),
  }))
}

export function isScript({ script }: Word): boolean {
  return script
}

/** The programs that a word may start. */
export function namesIn({ text: said, script }: Word): string[] {
  const words = script ? said.split(/[\s;&|()]+/) : [said]
  return words.map((word) => word.slice(word.lastIndexOf('/') + 1))
}

/** The change of one of these flags to loopback; undefined if its effect is not certain, 'absent' if there is no flag. */
export function flagIn(
  words: readonly Word[],
  flags: readonly string[],
  port: number,
  wanted?: string,
): WordBinding | undefined | 'absent' {
  const hits = words.flatMap((word, i): Hit[] => {
    if (word.script) return scriptHas(word.text, flags) ? [{ word, skip: 0 }] : []
    const glued = flags.find((flag) => word.text.startsWith(`${flag}=`))
    if (glued !== undefined) return [{ word, skip: glued.length + 1 }]
    const next = words[i + 1]
    return flags.includes(word.text) && next !== undefined ? [{ word: next, skip: 0 }] : []
  })
  const [hit, ...more] = hits
  if (hit === undefined) return 'absent'
  const { word, skip } = hit
  const moved = word.script
    ? scriptOnLoopback(word.text, flags, port, wanted)
    : (wanted ?? onLoopback(word.text.slice(skip), port))
  if (more.length > 0 || moved === undefined) return undefined
  const value = word.text.slice(0, skip) + moved
  return value === word.text ? { kind: 'there' } : { kind: 'word', list: word.list, index: word.index, value }
}

/** A word that contains a value, and the number of characters before it. */
interface Hit {
  readonly word: Word
  readonly skip: number
}

function pattern(flags: readonly string[]): RegExp {
  const names = flags.map((flag) => flag.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return new RegExp(`(?<=^|\\s)(${names})(=|\\s+)([^\\s"'\`$;&|]+)(?=\\s|$)`, 'g')
}

function scriptHas(script: string, flags: readonly string[]): boolean {
  return script
    .split(/\s+/)
    .some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)))
}

/** A script or a line of flags with its one flag moved to loopback; undefined if there are several, or it is unclear. */
export function scriptOnLoopback(
  script: string,
  flags: readonly string[],
  port: number,
  wanted?: string,
): string | undefined {
  const all = [...script.matchAll(pattern(flags))]
  const [hit] = all
  if (hit === undefined || all.length > 1 || script.trim().includes('\n')) return undefined
  const [whole, flag = '', joint = '', value = ''] = hit
  const moved = wanted ?? onLoopback(value, port)
  if (moved === undefined) return undefined
  return script.slice(0, hit.index) + flag + joint + moved + script.slice(hit.index + whole.length)
}

/**
 * The same address on loopback: a host, `host:port` or a URL. Undefined if it has another port, or is a specific address
 * other than loopback.
 */
export function onLoopback(value: string, port: number): string | undefined {
  const read = value === '::' ? ['', '', '::'] : ADDRESS.exec(value)
  if (read === null) return undefined
  const [, scheme = '', host = '', digits, rest = ''] = read
  if (digits !== undefined && Number(digits) !== port) return undefined
  if (THERE.has(host)) return value
  if (!EVERYWHERE.has(host)) return undefined
  return `${scheme}${LOOPBACK}${digits === undefined ? '' : `:${digits}`}${rest}`
}

const ADDRESS = /^([a-z]+:\/\/)?(\[[^\]]*\]|[^:/[\]]*)(?::(\d+))?(\/?)$/i
