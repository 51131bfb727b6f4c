/**
 * Where responses begin and end, however the bytes are cut, and what is not taken for one. RFC 9112 §6.3 and §9.2, WHATWG
 * HTML §9.2.6.
 */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import {
  BODY_COMPLETE,
  HEAD_COMPLETE,
  NOT_UNDERSTOOD,
  ResponseCursor,
  WITHIN_BODY,
  WITHIN_HEAD,
} from '../../src/protocol/http1/response-cursor.ts'
import { ResponseHead } from '../../src/protocol/http1/response-head.ts'

const UNASKED = 6
const MAX_HEAD = 256 * 1024

/** A cursor that awaits a response, and what it says to one piece among other bytes. */
class Player {
  readonly cursor = new ResponseCursor()
  readonly head = new ResponseHead()

  constructor() {
    this.cursor.expect()
  }

  advance(piece: string): { said: number; took: number } {
    const bytes = Buffer.from(`\r\n${piece}\r\n\r\n0\r\n\r\n`, 'latin1')
    const said = this.cursor.advance(bytes, 2, 2 + piece.length, this.head)
    return { said, took: this.cursor.at - 2 }
  }

  /** The head that is complete. */
  get shown(): string {
    const { headBytes, headStart, headEnd } = this.cursor
    return headBytes.toString('latin1', headStart, headEnd)
  }

  /** Takes a whole head of these lines and begins its body. */
  begin(lines: readonly string[], { toHead = false, toGet = false } = {}): boolean {
    const text = `${lines.join('\r\n')}\r\n\r\n`
    deepStrictEqual(this.advance(text), { said: HEAD_COMPLETE, took: text.length })
    return this.cursor.begin(this.head, toHead, toGet)
  }
}

const OK = 'HTTP/1.1 200 OK'
const CHUNKS = 'Transfer-Encoding: chunked'

void tap.test('behind a response, whatever comes is unasked, and nothing of it is taken', async (t) => {
  const player = new Player()
  t.equal(player.begin(['HTTP/1.1 204 No Content']), true)
  t.same(player.advance('HTTP/1.1 408 Request Timeout\r\n\r\n'), { said: UNASKED, took: 0 })
  player.cursor.expect()
  t.equal(player.begin([OK, 'Content-Length: 2']), false)
  t.same(player.advance('okHTTP'), { said: BODY_COMPLETE, took: 2 })
  t.same(player.advance('HTTP'), { said: UNASKED, took: 0 })
})

void tap.test('a whole head is not copied', async (t) => {
  const cursor = new ResponseCursor()
  const bytes = Buffer.from('xHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  cursor.expect()
  t.equal(cursor.advance(bytes, 1, bytes.length, new ResponseHead()), HEAD_COMPLETE)
  t.equal(cursor.headBytes, bytes)
  t.same([cursor.headStart, cursor.headEnd], [1, bytes.length])
})

void tap.test(
  'a head in pieces is gathered, at every cut, and its lines may end with a bare LF',
  async (t) => {
    for (const text of [`${OK}\r\nContent-Length: 2\r\n\r\n`, `${OK}\nContent-Length: 2\n\n`])
      for (let cut = 1; cut < text.length; cut++) {
        const player = new Player()
        deepStrictEqual(player.advance(text.slice(0, cut)), { said: WITHIN_HEAD, took: cut })
        deepStrictEqual(player.cursor.inHead, true)
        deepStrictEqual(player.cursor.gathered.toString('latin1'), text.slice(0, cut))
        deepStrictEqual(player.advance(`${text.slice(cut)}ok`), {
          said: HEAD_COMPLETE,
          took: text.length - cut,
        })
        deepStrictEqual([player.cursor.inHead, player.cursor.gathered.length], [false, 0])
        deepStrictEqual(player.shown, text)
        deepStrictEqual(player.head.length, 2)
      }
    t.pass('all')
  },
)

void tap.test('what is no head is not understood, and what was gathered of it is kept', async (t) => {
  const whole = new Player()
  t.same(whole.advance('ICY 200 OK\r\n\r\n'), { said: NOT_UNDERSTOOD, took: 0 })
  t.equal(whole.cursor.gathered.length, 0)
  const pieces = new Player()
  t.equal(pieces.advance(`${OK}\r\nContent-Length: `).said, WITHIN_HEAD)
  t.equal(pieces.advance('x\r\n\r\n').said, NOT_UNDERSTOOD)
  t.equal(pieces.cursor.gathered.toString(), `${OK}\r\nContent-Length: x\r\n\r\n`)
  pieces.cursor.expect()
  t.same([pieces.cursor.inHead, pieces.cursor.gathered.length], [false, 0], 'the next response is another')
})

void tap.test('a head in pieces has its limit', async (t) => {
  const start = `${OK}\r\nA: `
  const end = '\r\n\r\n'
  const filler = 'a'.repeat(MAX_HEAD - start.length - end.length)
  const most = new Player()
  t.equal(most.advance(start + filler).said, WITHIN_HEAD)
  t.equal(most.advance(end).said, HEAD_COMPLETE)
  const more = new Player()
  t.equal(more.advance(`${start}${filler}aaa`).said, WITHIN_HEAD)
  t.equal(more.advance('a').said, NOT_UNDERSTOOD)
})

void tap.test('behind an interim head the next head is awaited: RFC 9110 §15.2', async (t) => {
  const player = new Player()
  t.equal(player.advance('HTTP/1.1 100 Continue\r\n\r\n').said, HEAD_COMPLETE)
  t.equal(player.head.status, 100)
  t.equal(player.begin([OK, 'Content-Length: 1']), false)
  t.equal(player.head.status, 200)
  t.same(player.advance('a'), { said: BODY_COMPLETE, took: 1 })
})

void tap.test('a body ends by its length, at every cut', async (t) => {
  for (let cut = 1; cut < 5; cut++) {
    const player = new Player()
    t.equal(player.begin([OK, 'Content-Length: 5']), false)
    deepStrictEqual(player.advance('hello'.slice(0, cut)), { said: WITHIN_BODY, took: cut })
    t.equal(player.cursor.untilClose, false)
    deepStrictEqual(player.advance(`${'hello'.slice(cut)}HTTP`), { said: BODY_COMPLETE, took: 5 - cut })
  }
})

void tap.test(
  'a chunked body ends with its trailers, leniently, and a fault in it is not understood',
  async (t) => {
    const body = '3 \r\nabc\r\n0\n A: b\r\n\r\n'
    for (let cut = 1; cut < body.length; cut++) {
      const player = new Player()
      t.equal(player.begin([OK, CHUNKS]), false)
      deepStrictEqual(player.advance(body.slice(0, cut)), { said: WITHIN_BODY, took: cut })
      t.equal(player.cursor.untilClose, false)
      deepStrictEqual(player.advance(`${body.slice(cut)}HTTP`), {
        said: BODY_COMPLETE,
        took: body.length - cut,
      })
      player.cursor.expect()
      t.equal(player.begin([OK, CHUNKS]), false, 'the next is chunked as well')
      deepStrictEqual(player.advance(`0\r\n${'a'.repeat(1000)}: b\r\n\r\n`).said, BODY_COMPLETE)
    }
    const wrong = new Player()
    wrong.begin([OK, CHUNKS])
    t.same(wrong.advance('x'), { said: NOT_UNDERSTOOD, took: 0 })
  },
)

void tap.test('a body without framing ends when the app closes', async (t) => {
  const player = new Player()
  t.equal(player.cursor.untilClose, false)
  t.equal(player.begin([OK]), false)
  t.equal(player.cursor.untilClose, true)
  for (const piece of ['a', '0\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'])
    t.same(player.advance(piece), { said: WITHIN_BODY, took: piece.length })
  t.equal(player.cursor.untilClose, true)
  player.cursor.expect()
  t.equal(player.cursor.untilClose, false)
})

void tap.test('a response to HEAD has no body', async (t) => {
  for (const line of ['Content-Length: 5', CHUNKS, 'A: b']) {
    const player = new Player()
    t.equal(player.begin([OK, line], { toHead: true }), true, line)
    t.equal(player.advance('a').said, UNASKED)
    t.same([player.cursor.untilClose, player.cursor.betweenEvents], [false, false])
  }
})

const EVENTS = [OK, CHUNKS, 'Content-Type: text/event-stream']

/** Takes a piece in as many steps as it needs, and tells at which offsets the stream may be ended. */
function ends(player: Player, piece: string): number[] {
  const found: number[] = player.cursor.betweenEvents ? [0] : []
  for (let at = 0; at < piece.length;) {
    at += player.advance(piece.slice(at)).took
    if (player.cursor.betweenEvents) found.push(at)
  }
  return found
}

void tap.test('an event stream may be ended between two chunks, if no event is incomplete', async (t) => {
  const player = new Player()
  t.equal(player.cursor.betweenEvents, false)
  player.begin(EVENTS, { toGet: true })
  t.same(ends(player, '5\r\na: b\n\r\n1\r\n\n\r\n9\r\na: b\n\nc: \r\n3\r\nd\n\n\r\n0\r\n\r\n'), [0, 16, 38])
  t.equal(player.cursor.betweenEvents, false, 'behind the body')
  const cut = new Player()
  cut.begin(EVENTS, { toGet: true })
  t.equal(cut.cursor.betweenEvents, true)
  cut.cursor.expect()
  t.equal(cut.cursor.betweenEvents, false, 'where another response is awaited')
})

void tap.test('no other body may be ended early', async (t) => {
  const body = '6\r\na: b\n\n\r\n6\r\na: b\n\n\r\n'
  const others: readonly [string, readonly string[], boolean][] = [
    ['not to a GET', EVENTS, false],
    ['compressed', [...EVENTS, 'Content-Encoding: gzip'], true],
    ['no event stream', [OK, CHUNKS, 'Content-Type: text/plain'], true],
    ['until close', [OK, 'Content-Type: text/event-stream'], true],
    ['of a length', [OK, `Content-Length: ${body.length + 1}`, 'Content-Type: text/event-stream'], true],
  ]
  for (const [says, lines, toGet] of others) {
    const player = new Player()
    player.begin(lines, { toGet })
    t.same(ends(player, body), [], says)
    const again = new Player()
    again.begin(EVENTS, { toGet: true })
    t.same(ends(again, `${body}0\r\n\r\n`), [0, 11, 22])
    again.cursor.expect()
    again.begin(lines, { toGet })
    t.same(ends(again, body), [], `${says}, behind an event stream`)
  }
})
