/**
 * The short run of the fuzzer: a fixed seed, and one that changes. `npm run fuzz` is the long one. And what makes it
 * worth believing: it would find a difference, and most kinds of messages are accepted by both often enough.
 */
import tap from 'tap'
import { EFFORT } from '../fixtures/effort.ts'
import { campaign, summary } from './campaign.ts'
import { requestDifference } from './compare.ts'
import { Judge, STRICT } from './llhttp.ts'

const FIXED_SEED = 20261121
const MESSAGES = 200_000 * EFFORT
const MORE_MESSAGES = 20_000 * EFFORT
/** Of the requests, and of the responses: fewer would mean that the generator makes nothing but rubbish. */
const ENOUGH = 0.25

void tap.test('every request and response ends where llhttp says: fixed seed', async (t) => {
  const { found, tally } = fuzz(FIXED_SEED, MESSAGES)
  t.comment(summary(tally))
  t.equal(found, '')
  t.ok(tally.acceptedRequests > ENOUGH * tally.requests, 'enough requests are accepted')
  t.ok(tally.acceptedResponses > ENOUGH * tally.responses, 'enough responses are accepted')
})

void tap.test('no request or response has another end to us than to llhttp: a seed of the day', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  t.comment(`seed ${seed}`)
  t.equal(fuzz(seed, MORE_MESSAGES).found, '')
})

void tap.test('a difference would be found', async (t) => {
  const first = 'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'
  const second = 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n'
  const stream = Buffer.from(first + second)
  const read = (complete: readonly string[], end: 'between' | 'in-head' | 'in-body') =>
    requestDifference(new Judge(), stream, { complete: complete.map((text) => Buffer.from(text)), end })
  t.equal(read([first, second], 'between'), undefined, 'none')
  t.match(read([first.slice(0, -2), second], 'between'), /does not find the end of request 0/)
  t.match(read([first + second.slice(0, 4)], 'in-head'), /finds the end of request 0 earlier/)
  t.match(read([first], 'in-body'), /finds a request where we are in-body/)
  t.match(
    read([first, 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'], 'between'),
    /the app got other bytes for request 1/,
  )
  const refused = Buffer.from('GET / HTTP/1.1\r\nHost : a\r\n\r\n')
  t.match(
    requestDifference(new Judge(), refused, { complete: [refused], end: 'between' }),
    /HPE_INVALID_HEADER_TOKEN/,
  )
})

void tap.test('the judge is llhttp, as strict as it comes', async (t) => {
  const judge = new Judge()
  judge.requests()
  judge.feed(Buffer.from('QUERY /a HTTP/1.0\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\n'))
  t.match(judge.messages, [{ method: 'QUERY', target: '/a', version: '1.0', complete: true }])
  t.match(judge.error, /^HPE_/)
  judge.responses(true, STRICT)
  judge.feed(Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'))
  t.match(judge.messages, [
    { status: 100, complete: true },
    { status: 200, complete: true },
  ])
})

function fuzz(seed: number, messages: number) {
  for (const { tally, difference } of campaign(seed)) {
    if (difference !== undefined)
      return { tally, found: `${difference.what}: ${JSON.stringify(difference.stream.toString('latin1'))}` }
    if (tally.requests + tally.responses >= messages) return { tally, found: '' }
  }
  throw new Error('a campaign ends only when it is told to')
}
