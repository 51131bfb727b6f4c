/** The parts of the page's event stream: stable while nothing happens, bounded, and without what strangers should not see. */
import tap from 'tap'
import { LIVE_AGE_MS, LIVE_REQUESTS, liveParts } from '../../src/proxy/admin/live.ts'
import type { RequestInFlight } from '../../src/words.ts'
import { LIVE } from '../fixtures/admin.ts'

const request = (ageMs: number, target = '/'): RequestInFlight => ({
  protocol: 'http1',
  ageMs,
  client: '10.0.0.1:5',
  method: 'GET',
  target,
})

/** The same things at another time. */
const at = (nowMs: number) =>
  liveParts({
    ...LIVE,
    nowMs,
    sinceMs: nowMs - 1000.4,
    nowEpochMs: Date.UTC(2026, 0, 1) + nowMs,
    requests: [request(nowMs - 1234.567)],
    health: { up: true, kind: 'tcp', lastCheckAt: String(nowMs) },
  })

void tap.test('while nothing happens each part is the same text, although all ages grow', async (t) => {
  t.same(at(2000.25), at(98_765.4321))
  t.equal(at(2000).requests[0]?.beganAt, 1235)
  t.equal(at(2000).phase.since, 1000)
})

void tap.test(
  'the oldest requests only, the oldest first, and none that is younger than a moment',
  async (t) => {
    const ages = Array.from({ length: 500 }, (_, i) => (i * 7919) % 1000)
    const { requests } = liveParts({ ...LIVE, nowMs: 1000, requests: ages.map((age) => request(age)) })
    const expected = ages.toSorted((a, b) => b - a).slice(0, LIVE_REQUESTS)
    t.same(
      requests.map(({ beganAt }) => 1000 - beganAt),
      expected,
    )
    const young = liveParts({
      ...LIVE,
      nowMs: 1000,
      requests: [request(LIVE_AGE_MS - 1), request(LIVE_AGE_MS)],
    })
    t.equal(young.requests.length, 1)
  },
)

void tap.test('a target is shown without its query, and not at any length', async (t) => {
  const requests = [request(5000, '/films?api_key=secret'), request(4000, `/${'x'.repeat(10_000)}`)]
  const shown = liveParts({ ...LIVE, nowMs: 9000, requests }).requests
  t.equal(shown[0]?.target, '/films?…')
  t.equal(shown[1]?.target?.length, 200)
})
