/** Clients that go away at random: FIN and RST after any number of bytes sent or received, 2,000 times. DESIGN §2. */
import tap from 'tap'
import { balanced, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { seeded } from '../fixtures/random.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const ABORTS = 2000
const AT_ONCE = 50
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** What is asked, and about how many bytes come back. */
const EXCHANGES = [
  { send: requestText('GET', '/'), comes: 120 },
  { send: requestText('POST', '/post/1', 'x'.repeat(500)), comes: 130 },
  { send: requestText('PUT', '/upload/1', 'x'.repeat(200_000)), comes: 200 },
  { send: requestText('GET', '/bytes/300000'), comes: 300_100 },
  { send: requestText('GET', '/gate/never/chunks'), comes: 150 },
  { send: requestText('GET', '/gate/never/body'), comes: 150 },
  { send: requestText('GET', '/gate/never'), comes: 1 },
  {
    send: requestText('GET', '/') + requestText('GET', '/bytes/1000') + requestText('POST', '/post/1', 'xyz'),
    comes: 1500,
  },
  {
    send: `POST /post/1 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    comes: 130,
  },
  { send: 'GET / HTTP/1.1\r\nHost: test\r\nbad header\r\n\r\n', comes: 300 },
] as const

await tap.test(`${ABORTS} aborts at random offsets (SEED=${SEED})`, async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address })
  await sidecar.ready()
  const random = seeded(SEED)
  const upTo = (max: number) => Math.floor(random() * (max + 1))
  const start = await gaugesAtRest(sidecar)
  const { rss } = memory(sidecar)

  let left = ABORTS
  const aborter = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const { send, comes } = EXCHANGES[upTo(EXCHANGES.length - 1)]!
      const how = upTo(2)
      const part = send.slice(0, random() < 0.5 ? send.length : upTo(send.length))
      const enough = part === send ? upTo(comes) : 0
      const client = await rawClient(t, sidecar.listen)
      let received = 0
      client.socket.removeAllListeners('data')
      client.socket.on('data', (text: string) => (received += text.length))
      client.send(part)
      // A gate says nothing, or no more: then the abort comes after a moment.
      await until('some bytes', () => received >= enough || client.ended, 30, 2).catch(() => undefined)
      if (how === 0) client.socket.resetAndDestroy()
      else if (how === 1) client.socket.destroy()
      else {
        client.socket.end()
        await until('the end', () => client.ended, 30, 2).catch(() => undefined)
        client.socket.destroy()
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, aborter))

  await balanced(t, sidecar, start)
  await until('the app is rid of them', () => app.connections === 0)
  t.equal(app.connections, 0, 'aborts travelled: the app has no connection left')
  t.ok(memory(sidecar).rss < rss + 60 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/after', 'x'))
  t.equal((await client.answer('POST')).body, 'applied after', 'service goes on')
})
