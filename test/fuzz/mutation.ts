/** Damage done to the bytes of a message, as attackers and broken clients do it. Pure. */
import type { Random } from './random.ts'

/** What parsers disagree about. */
const BYTES = Array.from('\x00\t\n\v\f\r "#%,:;<=?@[\\]{|}~\x01\x1f\x7f\x80\xa0\xb2\xff0159afFxX+-_.*/')
const LINE_ENDS = [
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ' \r\n',
  '\t\r\n',
  '\x00\r\n',
  ';\r\n',
]

/** The text with some damage, seldom none. */
export function damaged(random: Random, text: string): string {
  let result = text
  for (let left = 1 + random.below(2); left > 0; left--) result = damage(random, result)
  return result
}

function damage(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const one = text[at] ?? ''
  switch (random.below(10)) {
    case 0:
    case 1:
      return replaceLineEnd(random, text)
    case 2:
    case 3:
      return text.slice(0, at) + random.pick(BYTES) + text.slice(at)
    case 4:
      return text.slice(0, at) + random.pick(BYTES) + text.slice(at + 1)
    case 5:
      return text.slice(0, at) + text.slice(at + 1)
    case 6:
      return text.slice(0, at) + one + text.slice(at)
    case 7:
      return repeatLine(random, text)
    case 8:
      return (
        text.slice(0, at) +
        (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase()) +
        text.slice(at + 1)
      )
    default:
      return besideColon(random, text)
  }
}

function replaceLineEnd(random: Random, text: string): string {
  const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index)
  if (ends.length === 0) return text
  const at = random.pick(ends)
  return text.slice(0, at) + random.pick(LINE_ENDS) + text.slice(at + 2)
}

function repeatLine(random: Random, text: string): string {
  const lines = text.split('\r\n')
  const at = random.below(lines.length)
  lines.splice(random.below(lines.length), 0, lines[at]!)
  return lines.join('\r\n')
}

function besideColon(random: Random, text: string): string {
  const colons = [...text.matchAll(/:/g)].map((match) => match.index)
  if (colons.length === 0) return text
  const at = random.pick(colons) + random.below(2)
  return text.slice(0, at) + random.pick([' ', '\t', '\v', '\r\n ', '\x00', ':', '\xa0']) + text.slice(at)
}
