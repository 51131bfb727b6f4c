/**
 * Where a chunked body ends, and the very byte at which a bad one is refused, however it is cut: strict as for requests, lenient
 * as for responses. RFC 9112 §7.1.
 */
import { strictEqual } from 'node:assert'
import tap from 'tap'
import { ChunkCursor, LAST_CHUNK } from '../../src/protocol/http1/chunked.ts'
import { EventStream } from '../../src/protocol/http1/event-stream.ts'
import { REFUSAL_NAMES, type RefusalName } from '../../src/protocol/http1/refusal.ts'

/** What follows a body, and must not be looked at. */
const NEXT = 'GET /next HTTP/1.1\r\n'
const BEFORE = 3

type Verdict = 'open' | `ends at ${number}` | `${RefusalName} at ${number}`

/** What the cursor says of `text`, in pieces of these lengths; the last takes the rest. */
function verdict(cursor: ChunkCursor, text: string, lengths: readonly number[]): Verdict {
  const bytes = Buffer.from(`${'f'.repeat(BEFORE)}${text}`, 'latin1')
  let start = BEFORE
  for (const length of [...lengths, text.length]) {
    const end = Math.min(start + length, bytes.length)
    const to = cursor.advance(bytes, start, end)
    if (to < 0) return `${REFUSAL_NAMES[-to - 1]!} at ${end - 1 - BEFORE}`
    if (cursor.done) return `ends at ${to - BEFORE}`
    strictEqual(to, end, 'all is taken of a body that goes on')
    start = end
  }
  return 'open'
}

/** Plays a text whole, byte by byte, and cut in two everywhere. A refusal is at the last byte of its text. */
function plays(make: () => ChunkCursor, text: string, expected: Verdict): void {
  const said = JSON.stringify(text.slice(0, 80))
  strictEqual(verdict(make(), text, []), expected, said)
  strictEqual(verdict(make(), text, Array<number>(text.length).fill(1)), expected, `${said} byte by byte`)
  if (text.length > 200) return
  for (let cut = 1; cut < text.length; cut++)
    strictEqual(verdict(make(), text, [cut]), expected, `${said} cut at ${cut}`)
}

const strict = (maxTrailers = 1000) => new ChunkCursor(true, maxTrailers)
const lenient = () => new ChunkCursor(false, Infinity)

function ends(make: () => ChunkCursor, bodies: readonly string[]): void {
  for (const body of bodies) {
    plays(make, body, `ends at ${body.length}`)
    strictEqual(verdict(make(), body + NEXT, []), `ends at ${body.length}`, 'what follows is not taken')
  }
}

function refused(make: () => ChunkCursor, name: RefusalName, texts: readonly string[]): void {
  for (const text of texts) plays(make, text, `${name} at ${text.length - 1}`)
}

const ZEROS = '0'.repeat(15)

void tap.test('a strict body ends where its last line does', async (t) => {
  ends(strict, [
    '0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
    '7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n',
    `a\r\n0123456789\r\nA\r\n0123456789\r\n1F\r\n${'x'.repeat(31)}\r\n00\r\n\r\n`,
    `${ZEROS}1\r\na\r\n${ZEROS}1\r\nb\r\n${ZEROS}0\r\n\r\n`,
    '1;a\r\nx\r\n0;a;b=c;d="";e="f;=\\"\\\\\t\xff";g\r\n\r\n',
    "0;!#$%&'*+-.^_`|~09AZaz=!#$%&'*+-.^_`|~09AZaz\r\n\r\n",
    '0\r\nA: b\r\nX-Empty:\r\nc:\t\xff \r\n\r\n',
  ])
  ends(strict, [LAST_CHUNK.toString()])
  strictEqual(LAST_CHUNK.length, 5)
  plays(strict, '1fffffffffffff\r\nx', 'open')
  t.pass('all')
})

void tap.test('a strict size line is refused at its first bad byte', async (t) => {
  refused(strict, 'chunkSize', [
    '\r',
    '\n',
    ';',
    ' ',
    '-',
    '+',
    'g',
    'G',
    '/',
    ':',
    '@',
    '`',
    '0x',
    '5 ',
    '5\t',
    '5\n',
    '5,',
    '5\rx',
    '5\r\r',
    '1\r\na\r\n\r',
    '1\r\na\r\n;',
    '1;a\rx',
    '1;a\r\r',
    `${ZEROS}00`,
    '20000000000000',
    '1\r\na\r\n20000000000000',
  ])
  refused(strict, 'chunkEnd', ['1\r\nab', '1\r\na\n', '1\r\na\rb', '1\r\na\r\r'])
  t.pass('all')
})

void tap.test('a strict extension is refused at its first bad byte', async (t) => {
  refused(strict, 'chunkExtension', [
    '1;\r',
    '1;;',
    '1;=',
    '1; ',
    '1;"',
    '1;a ',
    '1;a\n',
    '1;a"',
    '1;a,',
    '1;a;\r',
    '1;a;;',
    '1;a;=',
    '1;\n',
    '1;a=\r',
    '1;a=;',
    '1;a==',
    '1;a= ',
    '1;a=b=',
    '1;a=b"',
    '1;a=b ',
    '1;a=b\n',
    '1;a="\r',
    '1;a="\n',
    '1;a="\x00',
    '1;a="\x7f',
    '1;a="\\\r',
    '1;a="\\\x00',
    '1;a="b\\"\r',
    '1;a="b"c',
    '1;a="b"=',
    '1;a="b""',
    '1;a="b" ',
    '1;a="b"\n',
    '1;a="b";\r',
    '1;a="b";"',
    '1;a="";=',
  ])
  t.pass('all')
})

const MOST = 16 * 1024

void tap.test('extensions of one body have 16 KiB together, and the next body has as much', async (t) => {
  // Counted behind the first semicolon of a line, with the CR that ends it.
  const first = `1;${'a'.repeat(MOST / 2 - 1)}\r\nx\r\n`
  ends(strict, [`${first}0;${'b'.repeat(MOST / 2 - 1)}\r\n\r\n`, `0;${'a'.repeat(MOST - 1)}\r\n\r\n`])
  refused(strict, 'chunkExtensions', [
    `${first}0;${'b'.repeat(MOST / 2)}\r`,
    `0;${'a'.repeat(MOST + 1)}`,
    `0;a="${'a'.repeat(MOST - 2)}`,
  ])
  const cursor = strict()
  const body = `0;${'a'.repeat(MOST - 1)}\r\n\r\n`
  t.equal(verdict(cursor, body, []), `ends at ${body.length}`)
  cursor.reset()
  t.equal(verdict(cursor, body, []), `ends at ${body.length}`)
})

void tap.test('a strict trailer is refused at its first bad byte', async (t) => {
  const names = [
    'Content-Length',
    'TRANSFER-ENCODING',
    'connection',
    'hOST',
    'X-Forwarded-For',
    'x_forwarded_for',
  ]
  const others = [
    'Hos',
    'Hosts',
    'X-Host',
    'ost',
    'Content_Lengt',
    'content-lengths',
    'Connectio',
    'H-st',
    '~',
    'HOS^',
  ]
  for (const before of ['0\r\n', '0\r\na: b\r\n', '0\r\nHosts: b\r\n', '0\r\nHost-Content-Length: b\r\n']) {
    refused(
      strict,
      'trailer',
      [...names.map((name) => `${name}:`), ' ', ':', '\n', '\t', '\x00', '\rx', '\r\r'].map(
        (text) => before + text,
      ),
    )
    ends(
      strict,
      others.map((name) => `${before}${name}: x\r\n\r\n`),
    )
  }
  refused(
    strict,
    'trailer',
    ['a\r', 'a\n', 'a ', 'a: \x00', 'a: \n', 'a:\n', 'a: b\rx', 'a: b\r\r', 'a: b\r\n\rx'].map(
      (text) => `0\r\n${text}`,
    ),
  )
  t.pass('all')
})

void tap.test('the trailer section has its limit, the line that ends it included', async (t) => {
  const section = 'ab: c\r\n\r\n'
  const most = () => strict(section.length)
  ends(most, [`0\r\n${section}`])
  refused(() => strict(section.length - 1), 'trailers', [`0\r\n${section}`])
  refused(() => strict(1), 'trailers', ['0\r\n\r\n', '0\r\nab'])
  const cursor = most()
  for (const again of ['first', 'second']) {
    t.equal(verdict(cursor, `0\r\n${section}`, []), `ends at ${3 + section.length}`, again)
    cursor.reset()
  }
})

void tap.test(
  'a lenient body ends where its last line does, whatever its extensions and trailers say',
  async (t) => {
    ends(lenient, [
      '0\r\n\r\n',
      '0\n\n',
      '5\nhello\n0\n\n',
      '2\r\nok\n0\r\n\n',
      '1 \r\na\r\n1\t\n\r\n0;;=" \x00\r \n\r\n',
      '0\r\n any thing\n\x00\r\n: :\r\nHost: a\r\nContent-Length: 5\n\r\n',
      '0\r\na\r\n\n',
      `0;${'a'.repeat(MOST + 1)}\r\n\r\n`,
    ])
    refused(lenient, 'chunkSize', [
      '\r',
      '\n',
      ';',
      ' ',
      'g',
      '5x',
      '5,',
      '5\rx',
      `${ZEROS}00`,
      '20000000000000',
    ])
    refused(lenient, 'chunkEnd', ['1\r\nab', '1\r\na\rb', '1\r\na\r\r'])
    refused(lenient, 'trailer', ['0\r\n\rx', '0\r\na: b\rx', '0\r\na\r\r', '0\r\na: b\r\n\r\r'])
    t.pass('all')
  },
)

void tap.test('whatever was cut off or refused, a reset makes ready for the next body', async (t) => {
  const good = '2\r\nok\r\n0\r\n\r\n'
  const cut = [
    '5',
    '5\r',
    '5;a',
    '5;a="',
    '5\r\nhe',
    '5\r\nhello',
    '5\r\nhello\r',
    '0\r\n',
    '0\r\na',
    '0\r\na: b\r',
    '0\r\n\r',
  ]
  for (const text of [...cut, `${ZEROS}0`, 'g', '1\r\nab', '0\r\n ', good]) {
    const cursor = strict()
    verdict(cursor, text, [])
    cursor.reset()
    t.notOk(cursor.done)
    t.ok(cursor.atChunkStart)
    t.equal(verdict(cursor, good, []), `ends at ${good.length}`, JSON.stringify(text))
  }
})

void tap.test('a body that has ended takes no more', async (t) => {
  const cursor = strict()
  const bytes = Buffer.from(`0\r\n\r\n${NEXT}`)
  t.equal(cursor.advance(bytes, 0, bytes.length), 5)
  t.equal(cursor.advance(bytes, 7, bytes.length), 7)
  t.ok(cursor.done)
})

void tap.test(
  'a body of events is stopped behind each chunk, and between chunks alone is the start of one',
  async (t) => {
    const chunks = ['5\r\na: 1\n\r\n', '3\r\n\nb:\r\n', '0\r\n\r\n']
    const bytes = Buffer.from(chunks.join(''))
    const cursor = new ChunkCursor(false, Infinity)
    const events = new EventStream()
    cursor.reset(events)
    const stops: [number, boolean, boolean][] = []
    for (let at = 0; at < bytes.length;) {
      at = cursor.advance(bytes, at, bytes.length)
      stops.push([at, cursor.atChunkStart, events.between])
    }
    t.same(stops, [
      [10, true, false],
      [18, true, false],
      [23, false, false],
    ])
    t.ok(cursor.done)
    cursor.reset(events)
    const starts = [...bytes].map((_, at) => {
      cursor.advance(bytes, at, at + 1)
      return cursor.atChunkStart
    })
    t.same(
      starts.flatMap((is, at) => (is ? [at + 1] : [])),
      [10, 18],
    )
    const whole = new ChunkCursor(false, Infinity)
    t.equal(whole.advance(bytes, 0, bytes.length), bytes.length, 'without events it is not stopped')
  },
)
