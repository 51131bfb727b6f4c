/**
 * The relay with and without the undocumented ways of native.ts: the same exchanges, backpressure and drain give the
 * same results, byte by byte. In the test's own process, as the program has no switch for it. DESIGN §1.
 */
import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { listen } from '../fixtures/listener.ts'
import { rawClient, type RawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { startScripted } from '../fixtures/scripted.ts'
import type { Place } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const MIB = 1024 * 1024

const CHUNKED =
  'POST /post/2 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
const BIG = requestText('PUT', '/upload/3', 'x'.repeat(3 * MIB))
/** What is sent, in pieces, and the methods whose answers are awaited. */
const EXCHANGES: readonly { readonly send: readonly string[]; readonly methods: readonly string[] }[] = [
  { send: [requestText('GET', '/')], methods: ['GET'] },
  { send: [requestText('HEAD', '/')], methods: ['HEAD'] },
  { send: [requestText('POST', '/post/1', 'body')], methods: ['POST'] },
  { send: [CHUNKED.slice(0, 30), CHUNKED.slice(30, 75), CHUNKED.slice(75)], methods: ['POST'] },
  { send: [BIG.slice(0, MIB), BIG.slice(MIB)], methods: ['PUT'] },
  { send: [requestText('GET', `/bytes/${8 * MIB}`)], methods: ['GET'] },
  {
    send: [requestText('GET', '/') + requestText('POST', '/post/4', 'x') + requestText('GET', '/bytes/9')],
    methods: ['GET', 'POST', 'GET'],
  },
  { send: ['GET / HTTP/1.1\r\n\r\n'], methods: ['GET'] },
  { send: ['GET / HTTP/1.1\r\nHost: te'], methods: ['GET'] },
]

/** All that came back, but for the date, and the end of the connection if it has ended. */
async function results(t: Test, place: Place): Promise<string[]> {
  const all: string[] = []
  for (const { send, methods } of EXCHANGES) {
    const client = await rawClient(t, place)
    for (const piece of send) {
      client.send(piece)
      await new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
    }
    for (const method of methods) await client.answer(method)
    const text = client.text.replaceAll(/^date: .*$/gim, 'Date: then')
    all.push(`${text.slice(0, 400)} ${text.length} ${createHash('sha256').update(text).digest('hex')}`)
    client.socket.destroy()
  }
  return all
}

await tap.test('the same exchanges', async (t) => {
  const app = await startScripted(t)
  const by = async (native: boolean) => {
    const { relay, place } = await startRelay(t, app.port, native)
    const answers = await results(t, place)
    await until('its end', () => relay.facts.connections === 0)
    t.same(relay.facts.inFlight, 0)
    t.equal(relay.counters.apps, 0)
    return { answers, refused: [...relay.counters.refused], requests: relay.counters.finishedTotal }
  }
  t.same(await by(false), await by(true))
  t.equal(app.journal.length, 2 * 4)
})

for (const native of [true, false]) {
  await tap.test(
    `backpressure, ${native ? 'native' : 'fallback'}: either side holds the other back`,
    async (t) => {
      let sent = 0
      let taken = 0
      let held: Socket | undefined
      const piece = Buffer.alloc(64 * 1024, 'x')
      const server = createServer((socket) => {
        const more = (): void => {
          while (!socket.destroyed && sent < 64 * MIB) {
            sent += piece.length
            if (!socket.write(piece)) return
          }
        }
        socket.once('data', (head) => {
          if (head.includes('PUT')) {
            socket.pause()
            held = socket
            return
          }
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
          socket.on('drain', more)
          more()
        })
      })
      const app = await listen(t, server)
      const { relay, place } = await startRelay(t, app.port, native)

      const reader = await rawClient(t, place)
      let received = 0
      reader.socket.removeAllListeners('data')
      reader.socket.on('data', (text: string) => (received += text.length))
      reader.socket.pause()
      reader.send(requestText('GET', '/'))
      await still(() => sent)
      t.ok(sent < 40 * MIB, `the app is held back by a client that does not read: ${sent / MIB} MiB`)
      reader.socket.resume()
      await until('all of it', () => received > 64 * MIB, 20_000)
      t.ok(received < 64 * MIB + 200, 'not a byte too many')
      reader.socket.destroy()

      const writer = await rawClient(t, place)
      writer.send(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
      const more = (): void => {
        while (!writer.socket.destroyed && taken < 64 * MIB) {
          taken += piece.length
          if (!writer.socket.write(piece)) return
        }
      }
      writer.socket.on('drain', more)
      more()
      await still(() => taken)
      t.ok(taken < 40 * MIB, `the client is held back by an app that does not read: ${taken / MIB} MiB`)
      writer.socket.resetAndDestroy()
      // Who is held back is not listened to: that a client has gone is heard when the app reads again.
      held!.resume()
      await until('its end', () => relay.facts.connections === 0 && relay.counters.apps === 0)
      t.equal(relay.facts.inFlight, 0)
    },
  )

  await tap.test(
    `drain, ${native ? 'native' : 'fallback'}: last answers say goodbye, idle connections end by FIN`,
    async (t) => {
      const app = await startScripted(t)
      // Who has said nothing yet has head-timeout for it: two of them wait until 48 others have been answered.
      const patient = { headTimeoutMs: 60_000 }
      const { relay, place } = await startRelay(t, app.port, native, undefined, {}, patient)
      const clients = await rawClients(t, place, 50)
      const [busy, half, ...idle] = clients as [RawClient, RawClient, ...RawClient[]]
      for (const [i, client] of idle.entries()) client.send(requestText('POST', `/post/${i}`, 'x'))
      for (const client of idle) t.equal((await client.answer('POST')).closes, false)
      busy.send(requestText('GET', '/gate/work/chunks'))
      await app.arrived('work')
      half.send('GET / HTTP/1.1\r\nHo')
      await until('two in flight', () => relay.facts.inFlight === 2)

      relay.setClientMode('lame-duck')
      await relay.closeListeners()
      await t.rejects(rawClient(t, place), { code: 'ECONNREFUSED' })
      idle.pop()!.send(requestText('POST', '/post/late', 'x'))
      half.send('st: test\r\n\r\n')
      t.equal((await half.answer()).closes, true)
      app.release('work')
      await busy.answer()
      await until('nothing in flight', () => relay.facts.inFlight === 0)
      relay.setClientMode('draining')
      await relay.closeIdle()
      const ends = await Promise.all(clients.map(async (client) => client.end()))
      t.same([...new Set(ends)], ['fin'])
      t.ok(app.journal.includes('POST late'))
      await until('the last has left', () => relay.facts.connections === 0)
    },
  )
}

/** Waits until a number stands still. */
async function still(read: () => number): Promise<void> {
  let last = -1
  await until(
    'it to stand still',
    () => {
      const before = last
      last = read()
      return last > 0 && before === last
    },
    20_000,
    300,
  )
}
