/** Which requests of one connection count as saved, and when: only those whose last byte the client's kernel has taken. */
import tap from 'tap'
import type { RelayContext } from '../../src/proxy/relay/context.ts'
import { Counters } from '../../src/proxy/relay/counters.ts'
import { Arrivals } from '../../src/proxy/relay/arrivals.ts'
import { InFlight, AllInFlight } from '../../src/proxy/relay/in-flight.ts'
import { Requests } from '../../src/proxy/relay/requests.ts'
import type { Port } from '../../src/proxy/sockets/port.ts'
import type { Stream } from '../../src/protocol/http2/streams.ts'

/** The account of one connection in a stop that began at 100; now it is 200. */
function connection({ stopAt = 100, silent = false } = {}): {
  readonly account: Requests
  readonly counters: Counters
  readonly terms: { now: number }
  readonly saved: () => [inFlight: number, arrived: number]
} {
  const counters = new Counters()
  const terms = { now: 50, stopAt }
  const context = {
    terms,
    counters,
    inFlight: new InFlight(counters.inFlight, new AllInFlight(() => undefined)),
    arrivals: new Arrivals(() => terms.now),
    logRequest: () => undefined,
  } as unknown as RelayContext
  const client = { silent, remoteAddress: '' } as unknown as Port
  const account = new Requests(context, client, { acceptedAt: 0 })
  return { account, counters, terms, saved: () => [counters.savedInFlight, counters.savedArrived] }
}

void tap.test('a request that began before the stop, and one after it', async (t) => {
  const { account, terms, saved } = connection()
  account.began('http1')
  terms.now = 200
  account.finished(200, true)
  t.same(saved(), [0, 0], 'its last bytes are on their way')
  account.taken()
  t.same(saved(), [1, 0])
  account.began('http1')
  account.finished(200, true)
  account.taken()
  t.same(saved(), [1, 1])
})

void tap.test('without a stop nothing is saved', async (t) => {
  const { account, counters, saved } = connection({ stopAt: Infinity })
  account.began('http1')
  account.finished(200, true)
  account.taken()
  t.same(saved(), [0, 0])
  t.equal(counters.finishedTotal, 1)
})

void tap.test('a client that is gone before it has taken the response was not served', async (t) => {
  const { account, counters, saved } = connection()
  account.began('http1')
  account.finished(200, true)
  account.clientGone = true
  account.close()
  t.same(saved(), [0, 0])
  t.equal(counters.finishedTotal, 1, 'it has ended all the same')
})

void tap.test('a pipelined request that takes the place of one that was served', async (t) => {
  const { account, saved } = connection()
  account.began('http1')
  account.finished(200, true)
  account.began('http1')
  t.same(saved(), [1, 0])
  account.finished(502, false)
  account.taken()
  t.same(saved(), [1, 0])
})

void tap.test('streams count each on its own, as far as the app has ended them', async (t) => {
  const { account, terms, saved } = connection()
  const stream = (beganAt: number, status: number, appDone: boolean): Stream => {
    const made = { beganAt, method: undefined, status, appDone }
    account.streamBegan(made)
    return made
  }
  const ended = [stream(50, 200, true), stream(150, -1, true), stream(50, 500, true), stream(150, 0, false)]
  const left = stream(50, 200, true)
  terms.now = 200
  for (const one of ended) account.streamEnded(one)
  account.taken()
  t.same(saved(), [1, 1])
  account.streamEnded(left)
  account.clientGone = true
  account.close()
  t.same(saved(), [1, 1], 'one that its client did not get')
})

void tap.test('a TCP connection counts if its client has sent anything', async (t) => {
  for (const silent of [false, true]) {
    const { account, saved } = connection({ silent })
    account.began('tcp')
    account.finished(0, true)
    account.taken()
    t.same(saved(), [silent ? 0 : 1, 0])
  }
})
