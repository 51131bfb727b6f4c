/** What /status is built of (DESIGN §6): sums, order, bounds, and nothing that a stranger should not read. */
import tap from 'tap'
import { buildStatus, type StatusInput } from '../../src/proxy/admin/status.ts'
import type { RequestInFlight } from '../../src/words.ts'

const INPUT: StatusInput = {
  version: '1.2.3',
  phase: 'settling',
  sinceMs: 1400.4,
  nowEpochMs: Date.UTC(2026, 0, 2, 3, 4, 5, 500),
  ready: false,
  drainMs: 4400.4,
  proof: true,
  triggers: ['sidecar', 'signal'],
  saved: { inFlight: 2, arrived: 5 },
  inFlight: Float64Array.of(3, 0, 1, 0, 0, 0),
  requests: [],
  connections: { client: 9, app: 4 },
  health: { up: true, kind: 'tcp' },
  verdict: null,
}

void tap.test('the shape', async (t) => {
  t.same(buildStatus(INPUT), {
    version: '1.2.3',
    phase: 'settling',
    since: '2026-01-02T03:04:04.099Z',
    sinceMs: 1400,
    ready: false,
    drainMs: 4400,
    proof: true,
    triggers: ['sidecar', 'signal'],
    saved: { inFlight: 2, arrived: 5 },
    inFlight: { total: 4, http1: 3, http2: 0, websocket: 1, tunnel: 0, opaque: 0, tcp: 0, requests: [] },
    connections: { client: 9, app: 4 },
    health: { up: true, kind: 'tcp' },
    verdict: null,
  })
  t.equal(buildStatus({ ...INPUT, drainMs: undefined }).drainMs, null)
  t.same(buildStatus({ ...INPUT, verdict: { text: 'nothing was cut', cut: 0 } }).verdict, {
    text: 'nothing was cut',
    cut: 0,
  })
})

void tap.test('at most 100 requests, the oldest first', async (t) => {
  const requests = Array.from({ length: 250 }, (_, i): RequestInFlight => ({
    protocol: 'http1',
    ageMs: (i * 7919) % 250,
    client: `10.0.0.${i}`,
  }))
  const shown = buildStatus({ ...INPUT, requests }).inFlight.requests
  t.same(
    shown.map(({ ageMs }) => ageMs),
    Array.from({ length: 100 }, (_, i) => 249 - i),
  )
  t.equal(requests[1]!.ageMs, 7919 % 250, 'the input is left as it was')
})

void tap.test('a target is shown without its query, and not at any length', async (t) => {
  const base = { protocol: 'http1', ageMs: 1.6, client: '10.0.0.1:5' } as const
  const requests: RequestInFlight[] = [
    { ...base, method: 'GET', target: '/films?api_key=secret' },
    { ...base, method: 'GET', target: `/${'x'.repeat(10_000)}` },
    base,
  ]
  const shown = buildStatus({ ...INPUT, requests }).inFlight.requests
  t.same(shown[0], { ...base, ageMs: 2, method: 'GET', target: '/films?…' })
  t.equal(shown[1]?.target?.length, 200)
  t.same(shown[2], { ...base, ageMs: 2 })
})
