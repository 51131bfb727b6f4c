/** Which requests count as failed by the app: those that end with its connection and were not served in full. */
import tap from 'tap'
import type { Stream } from '../../src/protocol/http2/streams.ts'
import { Counters } from '../../src/proxy/relay/counters.ts'
import { AllInFlight, InFlight } from '../../src/proxy/relay/in-flight.ts'
import { Requests } from '../../src/proxy/relay/requests.ts'
import type { RelayContext } from '../../src/proxy/relay/context.ts'
import { Arrivals } from '../../src/proxy/relay/arrivals.ts'
import type { Port } from '../../src/proxy/sockets/port.ts'

const NOBODY = Buffer.alloc(0)

function connection(): { account: Requests; counters: Counters } {
  const counters = new Counters()
  const context = {
    terms: { now: 1, stopAt: Infinity },
    counters,
    inFlight: new InFlight(counters.inFlight, new AllInFlight(() => undefined)),
    arrivals: new Arrivals(() => 1),
    targetBytes: 0,
    logRequest: () => undefined,
  } as unknown as RelayContext
  const client = { silent: false, remoteAddress: '' } as unknown as Port
  return { account: new Requests(context, client, { acceptedAt: 0 }), counters }
}

void tap.test('one request: failed unless it was served in full, or is a health check', async (t) => {
  for (const [served, probe, failed] of [
    [false, false, 1],
    [true, false, 0],
    [false, true, 0],
  ] as const) {
    const { account, counters } = connection()
    account.began('http1')
    account.requested(0, probe, NOBODY, 0, 0)
    account.finished(502, served)
    account.failedByApp()
    account.taken()
    t.equal(counters.failed, failed, `served ${served}, probe ${probe}`)
    t.equal(counters.finishedTotal, 1)
  }
})

void tap.test('behind a health check a request on the same connection can fail', async (t) => {
  const { account, counters } = connection()
  account.began('http1')
  account.requested(0, true, NOBODY, 0, 0)
  account.finished(200, true)
  account.began('http1')
  account.requested(0, false, NOBODY, 0, 0)
  account.finished(0, false)
  account.failedByApp()
  t.equal(counters.failed, 1)
})

void tap.test('an idle connection fails nothing', async (t) => {
  const { account, counters } = connection()
  account.failedByApp()
  t.equal(counters.failed, 0)
})

void tap.test('of many streams, those fail that the app has not ended', async (t) => {
  const { account, counters } = connection()
  for (const appDone of [true, false, false]) {
    const stream: Stream = { beganAt: 1, method: undefined, status: 200, appDone }
    account.streamBegan(stream)
    account.streamEnded(stream)
  }
  account.failedByApp()
  account.taken()
  t.equal(counters.failed, 2)
})
