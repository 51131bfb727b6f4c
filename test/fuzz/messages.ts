/**
 * Makes streams of requests, and of responses: valid, nearly valid, and shaped like the known ways of smuggling. Text is
 * latin1: a character is a byte. Pure.
 */
import {
  CODINGS,
  CONNECTIONS,
  EXTENSIONS,
  FIELDS,
  HOSTS,
  METHODS,
  ODD_CODINGS,
  ODD_FIELDS,
  ODD_HOSTS,
  ODD_METHODS,
  ODD_TARGETS,
  ODD_TRAILERS,
  ODD_VERSIONS,
  TARGETS,
  TRAILERS,
} from './alphabet.ts'
import { damaged } from './mutation.ts'
import type { Random } from './random.ts'

/** A stream of `requests` requests, some of them damaged. */
export function requestStream(random: Random): { text: string; messages: number } {
  const messages = 1 + random.below(4)
  let text = ''
  for (let i = 0; i < messages; i++) {
    if (random.chance(5)) text += random.pick(['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\r\r\n'])
    const whole = request(random)
    text += random.chance(20) ? damaged(random, whole) : whole
  }
  return { text: random.chance(10) ? text.slice(0, random.below(text.length + 1)) : text, messages }
}

/** A stream of up to three responses. */
export function responseStream(random: Random): { text: string; messages: number } {
  const messages = 1 + random.below(3)
  let text = ''
  for (let i = 0; i < messages; i++) {
    const whole = response(random)
    text += random.chance(30) ? damaged(random, whole) : whole
  }
  return { text: random.chance(10) ? text.slice(0, random.below(text.length + 1)) : text, messages }
}

function request(random: Random): string {
  // Most have at most one oddity, or nothing of what follows it would ever be looked at.
  const odd = random.chance(30) ? random.below(7) : -1
  const method = odd === 0 ? random.pick(ODD_METHODS) : random.pick(METHODS)
  const target = odd === 1 ? random.pick(ODD_TARGETS) : random.pick(TARGETS)
  const version = odd === 2 ? random.pick(ODD_VERSIONS) : random.chance(90) ? 'HTTP/1.1' : 'HTTP/1.0'
  const fields = [
    odd === 3 ? random.pick(ODD_HOSTS) : random.pick(HOSTS),
    ...random.some(3, () => random.pick(FIELDS)),
  ]
  if (odd === 4) fields.push(random.pick(ODD_FIELDS))
  if (random.chance(15)) fields.push(`Connection: ${random.pick(CONNECTIONS)}`)
  const { framing, body } = framed(random, odd === 5, odd === 6)
  fields.push(...framing)
  return head(random, `${method} ${target} ${version}`, fields) + body
}

function response(random: Random): string {
  const odd = random.chance(35) ? random.below(5) : -1
  const interim = random.chance(10)
    ? `HTTP/1.1 ${random.pick(['100 Continue', '103 Early Hints', '102 x'])}\r\n${random.pick(['', 'X: y\r\n', 'Content-Length: 5\r\n'])}\r\n`
    : ''
  const version =
    odd === 0
      ? random.pick(['HTTP/1.2', 'HTTP/2', 'HTTP/1', 'http/1.1', 'ICY', 'HTTP/1.1 '])
      : random.chance(85)
        ? 'HTTP/1.1'
        : 'HTTP/1.0'
  const status =
    odd === 1
      ? random.pick(['20', '2000', '099', '600', '101', 'abc', '', ' 200', '1xx'])
      : random.pick(['200', '200', '200', '204', '304', '404', '500', '206', '205', '101'])
  const phrase = random.pick([' OK', '', ' ', ' \x80\xff', ' a\tb'])
  const fields = random.some(3, () => random.pick(FIELDS))
  if (odd === 2) fields.push(random.pick(ODD_FIELDS))
  if (random.chance(20)) fields.push(`Connection: ${random.pick(CONNECTIONS)}`)
  const { framing, body } = framed(random, odd === 3, odd === 4)
  fields.push(...framing)
  return interim + head(random, `${version} ${status}${phrase}`, fields) + body
}

function head(random: Random, line: string, fields: string[]): string {
  // Framing fields stand anywhere among the others.
  for (let i = fields.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[fields[i], fields[j]] = [fields[j]!, fields[i]!]
  }
  return `${[line, ...fields.filter((field) => field !== '')].join('\r\n')}\r\n\r\n`
}

function framed(random: Random, oddFraming: boolean, oddBody: boolean): { framing: string[]; body: string } {
  const name = (text: string) =>
    random.chance(80) ? text : random.pick([text.toLowerCase(), text.toUpperCase()])
  const length = name('Content-Length')
  const coding = name('Transfer-Encoding')
  const text = random.pick([
    '',
    'a',
    'hello',
    '0\r\n\r\n',
    'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    '\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
  ])
  if (oddFraming) return oddlyFramed(random, length, coding, text)
  switch (random.below(4)) {
    case 0:
      return { framing: [], body: '' }
    case 1:
      return { framing: [`${length}: ${text.length}`], body: text }
    default:
      return { framing: [`${coding}: ${random.pick(CODINGS)}`], body: chunked(random, text, oddBody) }
  }
}

function oddlyFramed(
  random: Random,
  length: string,
  coding: string,
  text: string,
): { framing: string[]; body: string } {
  const body = random.chance(50) ? text : chunked(random, text, false)
  const n = body.length
  const digits = random.pick([
    `+${n}`,
    `-${n}`,
    `0x${n.toString(16)}`,
    `${n}, ${n}`,
    `${n},`,
    `0${n}`,
    `${'0'.repeat(30)}${n}`,
    ` ${n} `,
    `\t${n}\t`,
    `${n} 0`,
    `${n}.0`,
    `${n}e0`,
    '',
    `${n}\xb2`,
    '18446744073709551616',
    '9007199254740992',
    '9007199254740991',
    '99999999999999999999999',
    `${n}\r\n 0`,
    `\r\n ${n}`,
    `${n}\r\n${length}: ${n}`,
    `${n}\r\n${length}: ${n + 1}`,
    `${n}\x00`,
    `"${n}"`,
    `${n};`,
    '0',
  ])
  switch (random.below(6)) {
    case 0:
      return { framing: [`${length}: ${digits}`], body }
    case 1:
      return { framing: [`${length}: ${n}`, `${coding}: ${random.pick(CODINGS)}`], body }
    case 2:
      return {
        framing: [`${coding}${random.pick([' ', '\t', '\v', '\x00', ''])}:${random.pick(CODINGS)}`],
        body,
      }
    case 3:
      return {
        framing: [`${random.pick([' ', '\t', 'X', '\x00', '"'])}${random.pick([length, coding])}: ${n}`],
        body,
      }
    case 4:
      return { framing: [`${length}${random.pick([' ', '\t', '\r\n '])}: ${n}`], body }
    default:
      return { framing: [`${coding}: ${random.pick(ODD_CODINGS)}`], body: chunked(random, text, false) }
  }
}

function chunked(random: Random, text: string, odd: boolean): string {
  const at = random.below(text.length + 1)
  const parts = (random.chance(50) ? [text] : [text.slice(0, at), text.slice(at)]).filter(
    (part) => part !== '',
  )
  const oddAt = odd ? random.below(parts.length + 1) : -1
  const chunks = parts.map((part, i) => chunk(random, part, i === oddAt))
  const last = `${random.pick(['0', '0', '0', '00', '000'])}${random.chance(90) ? '' : random.pick(EXTENSIONS)}\r\n`
  const trailers = random.chance(20) ? random.some(3, () => `${random.pick(TRAILERS)}\r\n`) : []
  if (oddAt === parts.length) trailers.push(`${random.pick(ODD_TRAILERS)}\r\n`)
  return `${chunks.join('')}${last}${trailers.join('')}\r\n`
}

function chunk(random: Random, part: string, odd: boolean): string {
  const hex = part.length.toString(16)
  const size = random.chance(80)
    ? hex
    : random.pick([hex.toUpperCase(), `0${hex}`, `000${hex}`, `${'0'.repeat(20)}${hex}`])
  const extension = random.chance(80) ? '' : random.pick(EXTENSIONS)
  if (!odd) return `${size}${extension}\r\n${part}\r\n`
  const oddSize = random.pick([
    `+${hex}`,
    `-${hex}`,
    `0x${hex}`,
    ` ${hex}`,
    `${hex} `,
    `${hex}\t`,
    '',
    `1${'0'.repeat(15)}${hex}`,
    `1${'0'.repeat(16)}${hex}`,
    `${hex}g`,
    `_${hex}`,
    (part.length + 1).toString(16),
    `${hex}\x00`,
    `${hex}\r`,
    'ffffffffffffffff',
    '20000000000000',
  ])
  switch (random.below(3)) {
    case 0:
      return `${oddSize}${extension}\r\n${part}\r\n`
    case 1:
      return `${size}${extension}${random.pick(['\n', '\r', '\r\r\n', ' \r\n', '\n\r\n'])}${part}\r\n`
    default:
      return `${size}${extension}\r\n${part}${random.pick(['', '\n', '\r', 'XX', '\r\r\n', ' \r\n', 'x\r\n', '\r\n\r\n'])}`
  }
}
