/** What counts as a failure, and what the ledger proves: judged on made-up journals. */

import t from 'tap'
import type { Answered } from '../../src/tools/rehearsal/client.ts'
import { formatFailure, formatTable } from '../../src/tools/rehearsal/format.ts'
import type { ConnectionRecord, PodEvent, RequestRecord } from '../../src/tools/rehearsal/journal.ts'
import { failureOf } from '../../src/tools/rehearsal/load.ts'
import type { Ask } from '../../src/tools/rehearsal/mix.ts'
import { checkLedger, reportOf } from '../../src/tools/rehearsal/report.ts'

const ask: Ask = { method: 'GET', path: '/?id=q1', expect: 'ok q1\n' }

function answered(status: number, body: string, headers: Answered['headers'] = {}): Answered {
  return { kind: 'answered', status, headers, body: Buffer.from(body), clientPort: 1, reused: false }
}

function request(more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    client: 'idle-post/undici',
    method: 'POST',
    path: '/orders?id=q1',
    startedAt: 1000,
    endedAt: 1010,
    idleMs: 50,
    status: 200,
    failure: undefined,
    pod: 'pod-1',
    reused: true,
    clientPort: 40_000,
    order: 'q1',
    ...more,
  }
}

const connection: ConnectionRecord = {
  clientPort: 40_000,
  pod: 'pod-1',
  openedAt: 10,
  firstEnd: 'pod-rst',
  firstEndAt: 1009,
  clientBytes: 100,
  podBytes: 50,
  passedOnAt: 1004,
}

function event(at: number, what: PodEvent['what'], container?: string): PodEvent {
  return { at, pod: 'pod-1', container, what, detail: undefined }
}

void t.test('a failure is any error, any 5xx, and any wrong answer', async (test) => {
  test.equal(failureOf(ask, answered(200, 'ok q1\n')), undefined)
  test.match(failureOf(ask, answered(200, 'ok q2\n')), /^wrong body: "ok q2/)
  test.match(failureOf(ask, answered(200, 'ok ')), /^wrong body/)
  test.equal(
    failureOf(ask, answered(503, '', { 'proxy-status': 'lastcall; error=x' })),
    'status 503 (lastcall; error=x)',
  )
  test.equal(failureOf(ask, answered(404, '')), 'status 404')
  test.equal(failureOf({ ...ask, expect: undefined }, answered(404, '')), undefined, 'any answer will do')
  test.equal(failureOf({ ...ask, expect: undefined }, answered(502, '')), 'status 502')
  test.equal(failureOf(ask, { kind: 'failed', why: 'ECONNRESET', clientPort: 1, reused: true }), 'ECONNRESET')
})

void t.test('the ledger tells lost work from repeated and from unacknowledged work', async (test) => {
  const requests = [
    request({ order: 'fine' }),
    request({ order: 'lost' }),
    request({ order: 'twice' }),
    request({ order: 'unsure', failure: 'ECONNRESET' }),
    request({ order: 'never', failure: 'ECONNRESET' }),
    request({ order: undefined }),
  ]
  test.same(checkLedger(requests, ['fine', 'twice', 'twice', 'unsure']), {
    acknowledged: 3,
    applied: 3,
    lost: ['lost'],
    repeated: ['twice'],
    unacknowledged: ['unsure'],
  })
})

void t.test('a failure is joined to its connection and to what its pod was doing', async (test) => {
  const report = reportOf({
    strategy: 'bare',
    seed: 1,
    rolloutMs: [5000],
    requests: [request({ failure: 'ECONNRESET' }), request({ order: 'q2' })],
    connections: [
      { ...connection, pod: 'pod-0', openedAt: 1 },
      connection,
      { ...connection, openedAt: 2000 },
    ],
    events: [event(400, 'deleted'), event(1005, 'sigterm', 'app'), event(2500, 'gone')],
    ledger: ['q2'],
    output: new Map([['pod-1', ['starting', '{"verdict":{},"msg":"drained: nothing was cut"}', 'bye']]]),
    worstLatenessMs: 3,
  })
  const [failure] = report.failures
  test.match(failure, { pod: 'pod-1', began: 'terminating', ended: 'app stopping', sinceDeletionMs: 610 })
  test.equal(failure?.connection, connection, 'the latest from that port that was open by then')
  test.match(
    formatFailure(failure!),
    /pod-rst 9\.0 ms after the request began, passed on to the pod 4\.0 ms after it began/,
  )
  test.match(report.pods, [
    {
      pod: 'pod-1',
      goneMs: 2100,
      lastConnectionMs: 1600,
      lateConnections: 1,
      verdict: 'drained: nothing was cut',
    },
  ])
  test.same(report.byClient, { 'idle-post/undici': { requests: 2, failed: 1 } })
  test.match(formatTable([report]), /bare +2 +1 +1 +0 +0 +5\.0s +2\.1s +1\.6s/)
  test.doesNotThrow(() => JSON.stringify(report))
})
