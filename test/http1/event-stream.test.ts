/** Where a stream stands between two events is judged as a reader of the whole stream judges it (WHATWG HTML §9.2.6). */
import { array, assert, constantFrom, nat, property } from 'fast-check'
import tap from 'tap'
import { EventStream } from '../../src/protocol/http1/event-stream.ts'

/** The rule, forwards: lines end by CRLF, LF or CR, and a blank line ends an event. */
function betweenEvents(text: string): boolean {
  const lines = text.split(/\r\n|\n|\r/)
  // What follows the last line end is a line that has not ended; the one before it has to be blank.
  return text === '' || (lines.length > 1 && lines.at(-1) === '' && lines.at(-2) === '')
}

const texts = array(constantFrom('\r', '\n', '\r\n', '\r\n\r\n', '\n\n', 'data: a', ':', 'é'), {
  maxLength: 12,
}).map((parts) => parts.join(''))

void tap.test('between two events: as a reader of all lines sees it, in any pieces', async (t) => {
  let yes = 0
  assert(
    property(texts, array(nat(6), { maxLength: 12 }), (text, sizes) => {
      const bytes = Buffer.from(text)
      const stream = new EventStream()
      let at = 0
      for (const size of [...sizes, bytes.length]) {
        const to = Math.min(bytes.length, at + size)
        stream.take(Buffer.concat([Buffer.from('\n'), bytes, Buffer.from('\n')]), at + 1, to + 1)
        at = to
      }
      const expected = betweenEvents(text) && !text.endsWith('\r\n\r')
      if (expected) yes += 1
      return stream.between === expected
    }),
    { numRuns: 20_000 },
  )
  t.ok(yes > 1000, `${yes} of them were`)
})

void tap.test('a CR that the LF of a CRLF may follow is waited for', async (t) => {
  const stream = new EventStream()
  const bytes = Buffer.from('data: a\r\n\r\n')
  stream.take(bytes, 0, bytes.length - 1)
  t.equal(stream.between, false)
  stream.take(bytes, bytes.length - 1, bytes.length)
  t.equal(stream.between, true)
})
