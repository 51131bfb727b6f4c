/** Where a head that comes in pieces ends, or is refused, however it is cut. RFC 9112 §2.1 and §2.2. */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import { HeadBuffer } from '../../src/protocol/http1/head-buffer.ts'

const AFTER = '\n\r\n\r\nGET'

/** A piece among other bytes, which must not be taken for those before it, nor for its own. */
function lent(piece: string) {
  return { bytes: Buffer.from(`x${piece}${AFTER}`), start: 1, end: 1 + piece.length }
}

/** Takes `text` in pieces of these lengths, the last of which has the rest and what follows. */
function gather(text: string, lengths: readonly number[], { limit = 1000, strict = true }) {
  const store = new HeadBuffer(limit, strict)
  let before = 0
  for (const length of lengths) {
    const { bytes, start, end } = lent(text.slice(before, before + length))
    deepStrictEqual(store.take(bytes, start, end), 'more')
    deepStrictEqual(store.taken, end)
    before += length
  }
  const { bytes, start } = lent(text.slice(before))
  const said = store.take(bytes, start, bytes.length)
  deepStrictEqual(store.taken - start, store.length - before, 'what is taken is kept')
  return { said, kept: store.bytes.subarray(0, store.length).toString(), pastFirstLine: store.pastFirstLine }
}

/** The head ends, or is refused, with the last byte of `text`. */
function everywhere(text: string, said: string, setting: { limit?: number; strict?: boolean }): void {
  for (let cut = 0; cut < text.length; cut++)
    deepStrictEqual(
      gather(text, [cut], setting),
      { said, kept: text, pastFirstLine: true },
      `${text} cut at ${cut}`,
    )
  const each = Array<number>(text.length - 1).fill(1)
  deepStrictEqual(
    gather(text, each, setting),
    { said, kept: text, pastFirstLine: true },
    `${text} byte by byte`,
  )
}

void tap.test('a strict head ends with its empty line', async (t) => {
  for (const text of [
    '\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nx:\r\n\r\n',
    'a\r\r\nb\r\n\r\n',
  ])
    everywhere(text, 'complete', {})
  t.pass('all')
})

void tap.test('a strict head is refused at a bare LF', async (t) => {
  for (const text of ['\n', 'a\n', 'a\r\n\n', 'a\r\nb\n', 'a\rb\n']) everywhere(text, 'bare-lf', {})
  t.pass('all')
})

void tap.test('a lenient head ends with an empty line of either kind', async (t) => {
  for (const text of ['\n', '\r\n', 'a\n\n', 'a\r\n\n', 'a\n\r\n', 'a\nb\r\nc\n\n', 'a\r\nb\n\r\n'])
    everywhere(text, 'complete', { strict: false })
  t.pass('all')
})

/** At which byte a head is too long, byte by byte; -1 if it is not. */
function feed(text: string, limit: number) {
  const store = new HeadBuffer(limit, true)
  const said = Array.from(Buffer.from(text), (byte) => store.take(Buffer.of(byte), 0, 1))
  return { at: said.indexOf('too-long'), pastFirstLine: store.pastFirstLine, length: store.length }
}

void tap.test('a head may be as long as its limit, but not longer', async (t) => {
  const head = 'GET /\r\nHost: a\r\n\r\n'
  everywhere(head, 'complete', { limit: head.length })
  everywhere(head, 'complete', { limit: 1 + head.length })
  t.same(feed('GET /long', 9), { at: 8, pastFirstLine: false, length: 9 })
  t.same(feed('GET /lon', 9), { at: -1, pastFirstLine: false, length: 8 })
  t.same(feed('a\r\nb', 4), { at: 3, pastFirstLine: true, length: 4 })
  const store = new HeadBuffer(5, true)
  t.equal(store.take(Buffer.from('123456789'), 2, 6), 'more')
  t.equal(store.take(Buffer.from('123456789'), 2, 3), 'too-long')
})
