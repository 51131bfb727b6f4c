/** What all clients together may have us hold: beyond that each is read from only while nothing of it waits. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { MAX_BUFFERED } from '../../src/proxy/conversation/pipelined.ts'
import { listen } from '../fixtures/listener.ts'
import { rawClients, requestText } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/until.ts'

const CLIENTS = 8
const BURST = 20 * 1024

await tap.test('once clients hold too much together, one that holds anything is not read from', async (t) => {
  const apps: Socket[] = []
  const app = await listen(
    t,
    createServer((socket) => {
      apps.push(socket)
      socket.on('data', () => undefined)
    }),
  )
  const { relay, place } = await startRelay(t, app.port, false)
  relay.limitTo({ connections: 1000, leaving: 64, bufferedBytes: 4 * BURST, setBy: 'the test' })
  const clients = await rawClients(t, place, CLIENTS)
  // Each has one request with the app, which hangs, and pipelines more: less than MAX_BUFFERED.
  for (const client of clients) client.send(requestText('GET', '/1'))
  await until('all to be with the app', () => apps.length === CLIENTS)
  const next = requestText('GET', '/2')
  const burst = next.repeat(Math.floor(BURST / next.length))
  for (const client of clients) client.send(burst)
  await until('too much to be held', () => relay.maxBuffered === 0)
  const { bytesFromClient } = relay.counters
  for (const client of clients) client.send(burst)
  // Time in which it would be read if it were.
  await sleep(300)
  t.equal(relay.counters.bytesFromClient, bytesFromClient, 'nobody is read from any more')
  t.ok(2 * burst.length < MAX_BUFFERED, 'which alone would be less than a client may hold')

  // The app wakes up: everything is answered, nobody was stopped for ever.
  const answers = 'HTTP/1.1 204 No Content\r\n\r\n'
  const wanted = 1 + 2 * (burst.length / next.length)
  for (const socket of apps) {
    socket.on('data', (bytes: Buffer) => {
      socket.write(answers.repeat(bytes.toString('latin1').split('\r\n\r\n').length - 1))
    })
    socket.write(answers)
  }
  for (const client of clients)
    await client.until('all answers', () => client.text.split('\r\n\r\n').length - 1 === wanted, 20_000)
  await until('reading as ever', () => relay.maxBuffered === MAX_BUFFERED)
  for (const { socket } of clients) socket.destroy()
  await Promise.all(apps.map(async (socket) => socket.destroyed || once(socket, 'close')))
})

await tap.test(
  'once incomplete heads hold too much together, the large ones are not read from',
  async (t) => {
    const app = await listen(
      t,
      createServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))),
    )
    const { relay, place } = await startRelay(t, app.port, false, undefined, undefined, {
      maxHeadBytes: 1024 * 1024,
      headTimeoutMs: 60_000,
    })
    const field = `a: ${'x'.repeat(1000)}\r\n`
    const large = field.repeat(100)
    relay.limitTo({ connections: 1000, leaving: 64, bufferedBytes: 3 * large.length, setBy: 'the test' })
    const clients = await rawClients(t, place, CLIENTS)
    const begin = 'GET / HTTP/1.1\r\nHost: test\r\n'
    for (const client of clients) client.send(begin + large)
    await until('too much to be held', () => relay.maxBuffered === 0)
    const { bytesFromClient } = relay.counters
    for (const client of clients) client.send(large)
    // Time in which it would be read if it were.
    await sleep(300)
    t.equal(relay.counters.bytesFromClient, bytesFromClient, 'nobody is read from any more')

    // Whoever sends an ordinary head, in pieces as well, is served.
    const [small] = await rawClients(t, place, 1)
    small!.send(begin)
    await until('the first piece', () => relay.counters.bytesFromClient === bytesFromClient + begin.length)
    await sleep(300)
    small!.send('\r\n')
    t.match(await small!.answer(), { status: 204 })

    // Those who leave make room, and the others are read to their end.
    const stay = clients.splice(0, 2)
    for (const { socket } of clients) socket.resetAndDestroy()
    await until('reading as ever', () => relay.maxBuffered === MAX_BUFFERED)
    for (const client of stay) client.send('\r\n')
    for (const client of stay)
      t.match(await client.answer(), { status: 204 }, 'a head above MAX_BUFFERED is served')
  },
)
