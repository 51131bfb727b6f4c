/**
 * What a response head says about its framing and its connection, and which heads are not understood. RFC 9112 §2.2, §4 to
 * §6 and §9.3.
 */
import { strictEqual } from 'node:assert'
import tap from 'tap'
import { CHUNKED, UNTIL_CLOSE } from '../../src/protocol/http1/body-cursor.ts'
import { MORE, OPAQUE, parseResponseHead, ResponseHead } from '../../src/protocol/http1/response-head.ts'

const BEFORE = '\r\n'
const AFTER = ' close\r\nContent-Length: 7\r\n\r\n'

/** Says nothing true of any head, so that it shows what is not set anew. */
function stale(): ResponseHead {
  const head = new ResponseHead()
  Object.assign(head, { length: 7, coded: true, close: true, keepAlive: true, upgradeOption: true })
  return Object.assign(head, { eventStream: true, encoded: true })
}

/** What is said of `text`, of which `known` bytes are given; those around it must not be looked at. */
function verdict(text: string, known = text.length, head = stale()): 'more' | 'opaque' | 'ends' {
  const bytes = Buffer.from(`${BEFORE}${text}${AFTER}`, 'latin1')
  const said = parseResponseHead(bytes, BEFORE.length, BEFORE.length + known, head)
  if (said === MORE) return 'more'
  if (said === OPAQUE) return 'opaque'
  strictEqual(said, BEFORE.length + text.length, `ends at its end: ${text}`)
  return 'ends'
}

/** Each text is understood as a head, and every part of it as one that goes on. */
function understood(texts: readonly string[]): void {
  for (const text of texts) {
    strictEqual(verdict(text), 'ends', JSON.stringify(text))
    for (let known = 0; known < text.length; known++)
      strictEqual(verdict(text, known), 'more', JSON.stringify(text.slice(0, known)))
  }
}

/** Each text is given up at its last byte, and not before it. */
function opaque(texts: readonly string[]): void {
  for (const text of texts) {
    strictEqual(verdict(text), 'opaque', JSON.stringify(text))
    for (let known = 0; known < text.length; known++)
      strictEqual(verdict(text, known), 'more', JSON.stringify(text.slice(0, known)))
  }
}

/** What a head of these lines says; it has to be understood. */
function facts(start: string, ...lines: readonly string[]): ResponseHead {
  const head = stale()
  const text = `${[start, ...lines].join('\r\n')}\r\n\r\n`
  strictEqual(verdict(text, text.length, head), 'ends', text)
  return head
}

const OK = 'HTTP/1.1 200 OK'

/** A head with these fields, as lines, that is not complete. */
function fields(...lines: readonly string[]): string {
  return [OK, ...lines].map((one) => `${one}\r\n`).join('')
}

void tap.test('a status line is a version of HTTP/1 and three digits: RFC 9112 §4', async (t) => {
  understood([
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 204\r\n\r\n',
    'HTTP/1.0 404 Not \xe9\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    'HTTP/1.9 100 \n\r\n',
  ])
  for (const [start, minor, status] of [
    ['HTTP/1.0 100 a', 0, 100],
    ['HTTP/1.1 599 a', 1, 599],
    ['HTTP/1.9 999 a', 9, 999],
  ] as const) {
    const head = facts(start)
    t.same([head.minor, head.status], [minor, status], start)
  }
  opaque(['h', 'x', 'HT ', 'HTTP/2', 'HTTP/1\r', 'HTTP/1/', 'I'])
  for (const start of [
    'HTTP/1./ 200',
    'HTTP/1.: 200',
    'HTTP/1.1-200',
    'HTTP/1.1  20',
    'HTTP/1.1 2x0',
    'HTTP/1.1 099',
    'HTTP/1.1 000',
  ])
    t.equal(verdict(start), 'opaque', start)
})

void tap.test('the length of a body is what the fields say, in their order: RFC 9112 §6.3', async (t) => {
  const length = 'Content-Length: 42'
  const chunked = 'Transfer-Encoding: chunked'
  for (const [expected, ...lines] of [
    [UNTIL_CLOSE],
    [42, length],
    [42, 'content-length :\t42 \t'],
    [42, length, length],
    [0, 'Content-Length: 0'],
    [CHUNKED, chunked],
    [CHUNKED, 'TRANSFER-ENCODING:chunked'],
    [CHUNKED, 'Transfer-Encoding: gzip, Chunked  '],
    [CHUNKED, 'Transfer-Encoding: gzip,\tchunked'],
    [CHUNKED, 'Transfer-Encoding\t: gzip,chunked'],
    [CHUNKED, 'Transfer-Encoding: ,chunked'],
    [CHUNKED, length, chunked],
    [CHUNKED, chunked, length],
    [CHUNKED, chunked, length, 'Content-Length: 43'],
    [CHUNKED, chunked, 'Content-Length: x'],
    [UNTIL_CLOSE, 'Transfer-Encoding: gzip'],
    [UNTIL_CLOSE, 'Transfer-Encoding: chunked\t'],
    [UNTIL_CLOSE, 'Transfer-Encoding: xchunked'],
    [UNTIL_CLOSE, 'Transfer-Encoding: gzip chunked'],
    [UNTIL_CLOSE, 'Transfer-Encoding: chunked,'],
    [UNTIL_CLOSE, 'Transfer-Encoding: hunked'],
    [UNTIL_CLOSE, 'Transfer-Encoding:'],
    [UNTIL_CLOSE, 'chunked:hunked', 'Transfer-Encoding:hunked'],
    [UNTIL_CLOSE, length, 'Transfer-Encoding: gzip'],
    [UNTIL_CLOSE, 'Transfer-Encoding: gzip', length],
    [UNTIL_CLOSE, chunked, 'Transfer-Encoding: gzip'],
    [UNTIL_CLOSE, 'Transfer-Encodinx: chunked', 'Content-Lengtx: 42', 'Content-Lengths: 42'],
  ] as const)
    t.equal(facts(OK, ...lines).length, expected, lines.join('; '))
})

void tap.test('a length that cannot be told is not guessed: RFC 9112 §6.3', async (t) => {
  for (const value of ['', ' ', 'x', '1x', '-1', '1,1', '1 1', '9007199254740992'])
    opaque([`${fields()}Content-Length:${value}\n`])
  opaque([`${fields()}Content-Length: 4:2\n`])
  opaque([`${fields('Content-Length: 1')}Content-Length: 2\n`])
  opaque([`${fields('Content-Length: 0')}Content-Length: 1\n`])
  opaque([`${fields()}Transfer-Encoding: \x00chunked\n`, `${fields()}Transfer-Encoding:chun\x0bked\n`])
  opaque([`${fields()}Transfer-Encoding:\x7fchunked\n`, `${fields()}Transfer-Encoding: chunked\x00\n`])
  t.equal(facts(OK, 'Transfer-Encodinx: \x00').length, UNTIL_CLOSE)
})

void tap.test('some responses have no body, whatever their fields say: RFC 9112 §6.3', async (t) => {
  for (const status of [100, 101, 103, 199, 204, 304]) {
    t.equal(facts(`HTTP/1.1 ${status} a`, 'Content-Length: 42').frame(false), 0, `${status}`)
    t.equal(facts(`HTTP/1.1 ${status} a`, 'Transfer-Encoding: chunked').frame(false), 0, `${status}`)
  }
  for (const status of [200, 203, 205, 303, 305, 404, 500]) {
    const head = facts(`HTTP/1.1 ${status} a`, 'Content-Length: 42')
    t.equal(head.frame(false), 42, `${status}`)
    t.equal(head.frame(true), 0, `${status} to HEAD`)
  }
  t.equal(facts(OK).frame(false), UNTIL_CLOSE)
})

void tap.test('a bare CR is not understood, and a line may end with a bare LF: RFC 9112 §2.2', async (t) => {
  opaque([
    `${fields()}\rx`,
    `${fields()}a\rx`,
    `${fields()}a: b\rx`,
    `${fields()}a: b\r\r`,
    `${fields()}a\r:`,
  ])
  understood([`${OK}\nContent-Length: 42\nA: b\n\n`, `${OK}\nA\n:\n\x00: \n\r\n`, `${OK}\r\nA: b\r\n\n`])
  t.equal(facts(`${OK}\nContent-Length: 42\nA: b`).length, 42)
})

void tap.test('a folded line counts where it may frame, or be a field: RFC 9112 §5.2', async (t) => {
  opaque(
    [' ', '\t'].flatMap((blank) => [
      `${fields()}${blank}a: b\n`,
      `${fields('Content-Length: 42')}${blank}3\n`,
      `${fields('Transfer-Encoding: gzip')}${blank}, chunked\n`,
      `${fields('Fourteen-Chars: a')}${blank}a\n`,
      `${fields('Content-Length: 42', 'no colon')}${blank}3\n`,
      `HTTP/1.1 200 Okay!: b\r\n${blank}c: d\n`,
    ]),
  )
  for (const blank of [' ', '\t'])
    for (const line of ['A: b', 'Date: Sun', 'Content-Lengths: 1', 'A: b\r\nno colon'])
      t.equal(facts(OK, line, `${blank}Content-Length: 42`).length, UNTIL_CLOSE, line)
  t.equal(facts(OK, 'A: b', ' c: d', ' e: f').length, UNTIL_CLOSE, 'folded twice')
})

void tap.test(
  'a line without a colon says nothing, and the first colon ends a name: RFC 9112 §5',
  async (t) => {
    const head = facts(OK, 'Content-Length', 'Connection close', 'A: Content-Length: 42', ':', 'Date:a:b')
    t.equal(head.length, UNTIL_CLOSE)
    t.equal(head.close, false)
    t.equal(facts(OK, 'Content-Length: 42', 'Server', 'A: b').length, 42)
  },
)

void tap.test('how long the app keeps its connection: RFC 9112 §9.3', async (t) => {
  for (const [version, value, persistent] of [
    ['1.1', undefined, true],
    ['1.1', 'close', false],
    ['1.1', 'CLOSE', false],
    ['1.1', 'keep-alive', true],
    ['1.1', 'keep-alive, close', false],
    ['1.1', '\t x ,close \t', false],
    ['1.1', 'closed', true],
    ['1.1', 'xlose', true],
    ['1.0', undefined, false],
    ['1.0', 'keep-alive', true],
    ['1.0', '\t KEEP-ALIVE', true],
    ['1.0', 'Keep-Alive ', true],
    ['1.0', 'x, keep-alive', true],
    ['1.0', 'keep-alive, close', false],
    ['1.0', 'keep-alivx', false],
    ['1.0', 'x, keep-alivx', false],
    ['1.0', 'keep-alives', false],
  ] as const) {
    const lines = value === undefined ? [] : [`Connection: ${value}`]
    t.equal(facts(`HTTP/${version} 200 OK`, ...lines).persistent, persistent, `${version} ${value}`)
  }
  t.equal(facts(OK, 'connectioX: close', 'Connections: close').persistent, true, 'other fields')
})

void tap.test('the option of an upgrade: RFC 9110 §7.8', async (t) => {
  for (const [value, upgrades] of [
    ['Upgrade', true],
    ['keep-alive, upgrade', true],
    ['upgrades', false],
    ['xpgrade', false],
    ['keep-alive', false],
  ] as const)
    t.equal(facts(OK, `Connection: ${value}`).upgradeOption, upgrades, value)
  t.equal(facts(OK).upgradeOption, false)
})

void tap.test('an event stream, and a coded one: WHATWG HTML §9.2.5, RFC 9110 §8.4', async (t) => {
  for (const [line, isEvents] of [
    ['A: b', false],
    ['Content-Type: text/event-stream', true],
    ['content-TYPE:\t Text/Event-Stream;charset=utf-8', true],
    ['Content-Type:text/event-stream', true],
    ['Content-Type: text/event-strea', false],
    ['Content-Type: text/event-strea\r\nm: a', false],
    ['Content-Type: text/html', false],
    ['Content-Type: application/json; charset=utf-8', false],
    ['Content-Typx: text/event-stream', false],
  ] as const)
    t.equal(facts(OK, line).eventStream, isEvents, line)
  for (const [line, encoded] of [
    ['A: b', false],
    ['content-Encoding: gzip', true],
    ['Content-Encodinx: gzip', false],
  ] as const)
    t.equal(facts(OK, line).encoded, encoded, line)
})
