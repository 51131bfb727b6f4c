/** What the app says without having been asked is not taken for a response. RFC 9112 §9.2. */
import tap from 'tap'
import { HEAD_COMPLETE, ResponseCursor } from '../../src/protocol/http1/response-cursor.ts'
import { ResponseHead } from '../../src/protocol/http1/response-head.ts'

const UNASKED = 6

void tap.test('behind a response, whatever comes is unasked, and nothing of it is taken', async (t) => {
  const cursor = new ResponseCursor()
  const head = new ResponseHead()
  const bytes = Buffer.from('HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 408 Request Timeout\r\n\r\n')
  cursor.expect()
  t.equal(cursor.advance(bytes, 0, bytes.length, head), HEAD_COMPLETE)
  t.equal(cursor.begin(head, false, false), true)
  const { at } = cursor
  t.equal(cursor.advance(bytes, at, bytes.length, head), UNASKED)
  t.equal(cursor.at, at)
})

void tap.test('a whole head is not copied', async (t) => {
  const cursor = new ResponseCursor()
  const bytes = Buffer.from('xHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  cursor.expect()
  t.equal(cursor.advance(bytes, 1, bytes.length, new ResponseHead()), HEAD_COMPLETE)
  t.equal(cursor.headBytes, bytes)
  t.same([cursor.headStart, cursor.headEnd], [1, bytes.length])
})
