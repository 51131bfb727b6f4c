/** An error of lastcall's own in what it does for one client ends that client's connection, and nobody else's. */
import tap from 'tap'
import * as f from '../fixtures/frames.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startRawApp } from '../fixtures/raw-app.ts'
import { startRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/until.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

for (const native of [true, false]) {
  void tap.test(`${native ? 'native' : 'portable'}: one barrier for each client`, async (t) => {
    const app = await startRawApp(t)
    const faults: unknown[] = []
    const { relay, place } = await startRelay(t, app.port, native, undefined, {
      // The one thing in the relay that a test can make throw: it is called when a request ends.
      accessLog: ({ target }) => {
        if (target === '/bad') throw new Error('a fault of our own')
      },
      fault: (error) => faults.push(error),
    })
    const other = await rawClient(t, place)
    other.send(requestText('GET', '/good'))
    const otherCall = await app.call(0)
    const bad = await rawClient(t, place)
    bad.send(requestText('GET', '/bad'))
    const badCall = await app.call(1)
    badCall.send(ANSWER)
    t.equal(await bad.end(), 'reset')
    t.equal(await badCall.end(), 'reset')
    t.match(faults, [{ message: 'a fault of our own' }])
    t.equal(faults.length, 1, 'told once')

    otherCall.send(ANSWER)
    t.equal((await other.answer()).body, 'ok', 'the other client is served')
    other.socket.destroy()
    await until('nobody is left', () => relay.facts.connections === 0)
    t.equal(relay.facts.inFlight, 0)
    t.equal(relay.counters.apps, 0)
  })
}

void tap.test('a fault on an HTTP/2 connection leaves none of its streams in flight', async (t) => {
  const app = await startRawApp(t)
  const faults: unknown[] = []
  const { relay, place } = await startRelay(t, app.port, true, undefined, {
    accessLog: () => {
      throw new Error('a fault of our own')
    },
    fault: (error) => faults.push(error),
  })
  const client = await rawClient(t, place)
  client.send(Buffer.concat([f.HELLO, f.get(1), f.get(3), f.get(5)]))
  const call = await app.call()
  await until('three streams', () => relay.facts.inFlight === 3)
  // The first stream ends, and telling of that fails.
  call.send(Buffer.concat([f.SETTINGS, f.ok(1)]))
  t.equal(await client.end(), 'reset')
  t.ok(faults.length > 0)
  await until('nobody is left', () => relay.facts.connections === 0)
  t.equal(relay.facts.inFlight, 0)
  t.equal(relay.counters.apps, 0)
})
