/**
 * Where requests begin and end, and where HTTP/2 begins instead, however the bytes are cut. RFC 9112 §2.2 and §6.3, RFC
 * 9113 §3.4.
 */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import { PREFACE } from '../../src/protocol/http1/preface.ts'
import { REFUSE } from '../../src/protocol/http1/refusal.ts'
import {
  BODY_COMPLETE,
  HEAD_COMPLETE,
  HTTP2_PREFACE,
  REQUEST_COMPLETE,
  RequestCursor,
  WITHIN_BODY,
  WITHIN_HEAD,
} from '../../src/protocol/http1/request-cursor.ts'
import { RequestHead } from '../../src/protocol/http1/request-head.ts'

const NOTHING_BEGUN = 0
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const PRI = PREFACE.toString('latin1')
const head = new RequestHead()

/** Among other bytes, which must not be taken for those of the piece. */
function advance(cursor: RequestCursor, piece: string): { said: number; took: number } {
  const bytes = Buffer.from(`\r\n${piece}\r\n\r\nSM\r\n\r\n`, 'latin1')
  const said = cursor.advance(bytes, 2, 2 + piece.length, head)
  return { said, took: cursor.at - 2 }
}

/** What the cursor says to pieces of these lengths and to the rest; `took` of the last. */
function play(cursor: RequestCursor, text: string, lengths: readonly number[]) {
  const said: number[] = []
  let before = 0
  let took = 0
  for (const length of [...lengths, text.length]) {
    const piece = text.slice(before, before + length)
    const one = advance(cursor, piece)
    said.push(one.said)
    took = before + one.took
    before += piece.length
    if (one.said < 0 || before >= text.length) break
  }
  return { said, took }
}

function ones(count: number): number[] {
  return Array<number>(count).fill(1)
}

function afterAnother(): RequestCursor {
  const cursor = new RequestCursor(1000)
  deepStrictEqual(advance(cursor, GET), { said: HEAD_COMPLETE, took: GET.length })
  deepStrictEqual(cursor.advance(Buffer.of(), 0, 0, head), REQUEST_COMPLETE)
  cursor.next()
  return cursor
}

function afterEmptyLine(): RequestCursor {
  const cursor = new RequestCursor(1000)
  deepStrictEqual(advance(cursor, '\r\n'), { said: NOTHING_BEGUN, took: 2 })
  return cursor
}

void tap.test('the preface of HTTP/2 is known at every cut, and what follows it is not taken', async (t) => {
  deepStrictEqual(advance(new RequestCursor(1000), `${PRI}more`), { said: HTTP2_PREFACE, took: PRI.length })
  for (let cut = 1; cut < PRI.length; cut++)
    deepStrictEqual(
      play(new RequestCursor(1000), `${PRI}more`, [cut]),
      { said: [WITHIN_HEAD, HTTP2_PREFACE], took: PRI.length },
      `cut at ${cut}`,
    )
  deepStrictEqual(play(new RequestCursor(1000), PRI, ones(PRI.length)), {
    said: [...ones(PRI.length - 1), HTTP2_PREFACE],
    took: PRI.length,
  })
  t.pass('all')
})

void tap.test('what only begins like the preface is refused at the byte that differs', async (t) => {
  const empty = PRI.indexOf('\r\n\r\n') + 4
  for (let at = empty; at < PRI.length; at++) {
    const wrong = `${PRI.slice(0, at)}x${PRI.slice(at + 1)}`
    for (const lengths of [[at], [empty], ones(PRI.length)])
      deepStrictEqual(play(new RequestCursor(1000), wrong, lengths).said.at(-1), REFUSE.http2, wrong)
  }
  t.pass('all')
})

void tap.test('the preface is refused behind a request, and behind an empty line', async (t) => {
  for (const late of [afterAnother, afterEmptyLine]) {
    deepStrictEqual(advance(late(), PRI).said, REFUSE.http2)
    for (let cut = 1; cut < PRI.length; cut++)
      deepStrictEqual(play(late(), PRI, [cut]).said.at(-1), REFUSE.http2, `cut at ${cut}`)
  }
  t.pass('all')
})

void tap.test('inHead and between tell where the cursor stands', async (t) => {
  const cursor = new RequestCursor(1000)
  const stands = () => ({ inHead: cursor.inHead, between: cursor.between })
  t.same(stands(), { inHead: false, between: true }, 'at the beginning')
  advance(cursor, '\r\n')
  t.same(stands(), { inHead: false, between: true }, 'behind an empty line')
  advance(cursor, 'POST / HT')
  t.same(stands(), { inHead: true, between: false }, 'within a head')
  t.equal(advance(cursor, 'TP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n').said, HEAD_COMPLETE)
  t.same(stands(), { inHead: false, between: false }, 'behind a head with a body')
  t.same(advance(cursor, 'ab'), { said: WITHIN_BODY, took: 2 })
  t.same(stands(), { inHead: false, between: false }, 'within a body')
  t.same(advance(cursor, 'cGET'), { said: BODY_COMPLETE, took: 1 })
  t.same(stands(), { inHead: false, between: true }, 'behind a request')
  t.same(advance(cursor, 'GET'), { said: REQUEST_COMPLETE, took: 0 }, 'which nothing is taken behind')
  cursor.next()
  t.same(stands(), { inHead: false, between: true }, 'before the next')
  advance(cursor, PRI.slice(0, 3))
  t.same(stands(), { inHead: true, between: false })
})

void tap.test('a head in pieces is strict, and refused where its fault is', async (t) => {
  const cursor = new RequestCursor(1000)
  t.equal(advance(cursor, 'GET / HTTP/1.1\r\nHost: a').said, WITHIN_HEAD)
  t.equal(advance(cursor, '\n').said, REFUSE.bareLf, 'at the LF, before the head has ended')
  const long = new RequestCursor(40)
  t.equal(advance(long, 'GET / HTTP/1.1\r\nHost: a\r\n').said, WITHIN_HEAD)
  t.equal(advance(long, `x: ${'y'.repeat(40)}`).said, REFUSE.headTooLarge)
  const longTarget = new RequestCursor(40)
  t.equal(advance(longTarget, 'GET /').said, WITHIN_HEAD)
  t.equal(advance(longTarget, 'y'.repeat(40)).said, REFUSE.targetTooLong)
})

void tap.test('an offer of h2c is declined: the head goes on without it, in bytes of its own', async (t) => {
  const cursor = new RequestCursor(1000)
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
  t.equal(advance(cursor, `GET /items HTTP/1.1\r\nHost: a\r\n${offer}\r\n`).said, HEAD_COMPLETE)
  t.equal(head.upgrade, 'none')
  const { headBytes, headStart, headEnd } = cursor
  t.equal(headBytes.toString('latin1', headStart, headEnd), 'GET /items HTTP/1.1\r\nHost: a\r\n\r\n')
  t.equal(headBytes.toString('latin1', head.targetStart, head.targetEnd), '/items')
})

void tap.test(
  'a chunked body ends with its trailers, at every cut, and a fault in it is refused',
  async (t) => {
    const asked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    const body = '3\r\nabc\r\n0\r\na: b\r\n\r\n'
    const begun = () => {
      const cursor = new RequestCursor(1000)
      deepStrictEqual(advance(cursor, asked), { said: HEAD_COMPLETE, took: asked.length })
      return cursor
    }
    deepStrictEqual(advance(begun(), `${body}GET`), { said: BODY_COMPLETE, took: body.length })
    for (let cut = 1; cut < body.length; cut++)
      deepStrictEqual(
        play(begun(), `${body}GET`, [cut]),
        { said: [WITHIN_BODY, BODY_COMPLETE], took: body.length },
        `cut at ${cut}`,
      )
    deepStrictEqual(advance(begun(), 'x').said, REFUSE.chunkSize)
    deepStrictEqual(advance(begun(), '3\nabc\r\n').said, REFUSE.chunkSize, 'a bare LF')
    const cursor = begun()
    deepStrictEqual(advance(cursor, body).said, BODY_COMPLETE)
    cursor.next()
    deepStrictEqual(advance(cursor, asked).said, HEAD_COMPLETE, 'the next is chunked as well')
    deepStrictEqual(play(cursor, body, [4]).said, [WITHIN_BODY, BODY_COMPLETE])
    const long = new RequestCursor(80)
    deepStrictEqual(advance(long, asked).said, HEAD_COMPLETE)
    deepStrictEqual(advance(long, `0\r\na: ${'b'.repeat(80)}`).said, REFUSE.trailers)
    t.pass('all')
  },
)

void tap.test('what is wrong with a head is the same, whole or in pieces', async (t) => {
  for (const [text, verdict] of [
    ['\rGET / HTTP/1.1\r\nHost: a\r\n\r\n', REFUSE.bareCr],
    ['GET / HTTP/9.9\r\nHost: a\r\n\r\n', REFUSE.version],
    ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', REFUSE.spaceBeforeColon],
    ['PRI * HTTP/2.0\r\nHost: a\r\n\r\n', REFUSE.http2],
    // Two faults: the answer is to the first.
    ['GET / HTTP/1.1\r\nHost : a\r\nx: b\n', REFUSE.spaceBeforeColon],
  ] as const)
    for (const lengths of [[], [1], [text.length - 1], ones(text.length)])
      deepStrictEqual(play(new RequestCursor(1000), text, lengths).said.at(-1), verdict, text)
  t.pass('all')
})

void tap.test('what comes first is refused before its head has ended', async (t) => {
  t.equal(advance(new RequestCursor(1000), 'GET / HTTP/9.9\r\nHo').said, REFUSE.version)
  t.equal(advance(new RequestCursor(1000), 'GET / HTTP/1.1\r\nHost: a\nx').said, REFUSE.bareLf)
})

void tap.test('a whole head is not copied', async (t) => {
  const bytes = Buffer.from(`x${GET}`)
  const cursor = new RequestCursor(1000)
  t.equal(cursor.advance(bytes, 1, bytes.length, head), HEAD_COMPLETE)
  t.equal(cursor.headBytes, bytes)
  t.same([cursor.headStart, cursor.headEnd], [1, bytes.length])
})
