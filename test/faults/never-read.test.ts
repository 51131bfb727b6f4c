/**
 * Peers that never read, and peers that go away while nobody reads from them. What lastcall holds for one client is
 * bounded, whoever answers; and nobody stays whose connection is gone. DESIGN §2, §3.
 */
import tap, { type Test } from 'tap'
import { balanced, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { inFlight, PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { rawClient, type RawClient, requestText } from '../fixtures/raw.ts'
import { type RawApp, startRawApp } from '../fixtures/raw-app.ts'
import { type Clock, systemClock } from '../../src/proxy/process/clock.ts'
import { startRelay } from '../fixtures/relay.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

/** How often the relay looks at its clock: relay.ts. */
const SWEEP_MS = 250

async function scene(
  t: Test,
  flags: readonly string[] = [],
  paused = false,
): Promise<{ app: RawApp; sidecar: Sidecar }> {
  const app = await startRawApp(t, { paused })
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults(flags), from: 'dist' })
  await sidecar.ready()
  return { app, sidecar }
}

/** Writes again and again until so many bytes were taken, or nothing has been for a while. Returns how many were taken. */
async function pour(client: RawClient, piece: Buffer, upTo: number): Promise<number> {
  const { socket } = client
  let sent = 0
  while (sent < upTo && client.ended === undefined) {
    if (!socket.write(piece)) {
      const drained = await until('room', () => !socket.writableNeedDrain || client.ended, 1500, 5).catch(
        () => undefined,
      )
      if (drained === undefined) break
    }
    sent += piece.length
  }
  return sent
}

/** Waits until nothing of what the client sends is taken any more. */
async function standsStill(client: RawClient, sidecar: Sidecar): Promise<void> {
  await until('the client is not read from', () => client.socket.writableLength > 0)
  await until('it stands still', async () => {
    const before = client.socket.bytesWritten - client.socket.writableLength
    await sidecar.status()
    await sidecar.status()
    return client.socket.bytesWritten - client.socket.writableLength === before
  })
}

for (const way of ['native', 'portable']) {
  const relay = ['--relay', way]

  void tap.test(`${way}: a client that pipelines health checks and never reads is held back`, async (t) => {
    const { sidecar } = await scene(t, [...relay, '--lb-health-path', '/health'])
    const before = memory(sidecar).rss
    const clients = await Promise.all(Array.from({ length: 4 }, async () => rawClient(t, sidecar.listen)))
    for (const { socket } of clients) socket.pause()
    const piece = Buffer.from(requestText('GET', '/health').repeat(2000))
    const sent = await Promise.all(clients.map(async (client) => pour(client, piece, 40 * MIB)))
    t.ok(
      sent.every((bytes) => bytes < 40 * MIB),
      `they were stopped after ${sent.map((bytes) => Math.round(bytes / MIB)).join(', ')} MiB`,
    )
    const grown = memory(sidecar).peak - before
    t.ok(grown < 40 * MIB, `memory grew by ${Math.round(grown / MIB)} MiB`)
    // They read after all: each request gets its answer.
    const [client] = clients
    const text = client!
    text.socket.resume()
    const asked = await until('an answer', () => text.text.split('HTTP/1.1 200').length - 1)
    t.ok(asked > 0)
    for (const one of clients) one.socket.resetAndDestroy()
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
  })

  void tap.test(
    `${way}: a client that resets while the app does not read its upload is gone at once`,
    async (t) => {
      const { app, sidecar } = await scene(t, relay, true)
      const start = await gaugesAtRest(sidecar)
      const client = await rawClient(t, sidecar.listen)
      client.send(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
      client.send(Buffer.alloc(32 * MIB, 'x'))
      await standsStill(client, sidecar)
      t.equal(await inFlight(sidecar), 1)
      client.socket.resetAndDestroy()
      await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
      // Nothing holds up the drain.
      sidecar.signal('SIGTERM')
      await sidecar.log(PHASE.drained)
      t.match(verdictOfDrain(sidecar), { inFlight: 0 })
      t.ok(app.calls.length > 0)
      t.ok(start.fds > 0)
    },
  )

  void tap.test(
    `${way}: an app that resets while its client does not read leaves nothing behind`,
    async (t) => {
      const { app, sidecar } = await scene(t, relay)
      const start = await gaugesAtRest(sidecar)
      const client = await rawClient(t, sidecar.listen)
      client.socket.pause()
      client.send(requestText('GET', '/'))
      const call = await app.call()
      call.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
      call.send(Buffer.alloc(32 * MIB, 'x'))
      await until('the app is held back', () => call.socket.writableLength > 0)
      call.socket.resetAndDestroy()
      // The client reads what there is, and then a reset: what is cut does not look complete.
      client.socket.resume()
      t.equal(await client.end(), 'reset')
      await balanced(t, sidecar, start)
    },
  )
}

void tap.test(
  'a client that reads slowly has a minute for it, even where idle-timeout is shorter',
  async (t) => {
    const app = await startRawApp(t)
    let later = 0
    let sweeps = 0
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + later,
      after: (ms, run) =>
        systemClock.after(ms, () => {
          run()
          if (ms === SWEEP_MS) sweeps += 1
        }),
    }
    const twoSweeps = async () => {
      const before = sweeps
      await until('it has looked at its clock, twice', () => sweeps >= before + 2)
    }
    const { relay, place } = await startRelay(
      t,
      app.port,
      true,
      undefined,
      { clock },
      { idleTimeoutMs: 1000 },
    )
    const client = await rawClient(t, place)
    client.socket.pause()
    client.send(requestText('GET', '/'))
    const call = await app.call()
    call.send(`HTTP/1.1 200 OK\r\nContent-Length: ${32 * MIB}\r\n\r\n`)
    call.send(Buffer.alloc(16 * MIB, 'x'))
    await until('the app is held back', () => call.socket.writableLength > 0)
    // Until the kernel of the client takes no more, its time begins anew with whatever that takes.
    await until('nothing moves', async () => {
      const before = relay.counters.bytesFromApp
      await twoSweeps()
      return relay.counters.bytesFromApp === before
    })
    later = 50_000
    await twoSweeps()
    t.equal(relay.facts.connections, 1, 'still there after 50 s')
    later = 70_000
    await until('it is given up', () => relay.facts.connections === 0)
    t.equal(relay.facts.inFlight, 0)
  },
)

void tap.test(
  'native: a client that resets behind our FIN, while the app does not read, is gone at once',
  async (t) => {
    const { app, sidecar } = await scene(t, ['--relay', 'native'], true)
    const client = await rawClient(t, sidecar.listen, true)
    client.send(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
    client.send(Buffer.alloc(32 * MIB, 'x'))
    await until(
      'it is with the app',
      async () => (await sidecar.metric('lastcall_connections{side="app"}')) === 1,
    )
    await standsStill(client, sidecar)
    // It answers early and says no more, but neither reads nor closes.
    for (const { socket } of app.calls)
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    t.equal((await client.answer('PUT')).status, 200)
    t.equal(await client.end(), 'fin')
    t.equal(await inFlight(sidecar), 1)
    client.socket.resetAndDestroy()
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
  },
)

const UPGRADE =
  'GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

void tap.test(
  'a WebSocket client that reads nothing has 5 s for its Close, and is counted once',
  async (t) => {
    const { app, sidecar } = await scene(t, ['--websocket-spread', '0ms', '--grace-period', '60s'])
    const client = await rawClient(t, sidecar.listen)
    client.send(UPGRADE)
    const call = await app.call()
    call.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await client.until('the 101', () => client.text.includes('101'))
    client.socket.pause()
    // Whole frames of 60,000 bytes, until nothing goes any more.
    const frame = Buffer.concat([Buffer.of(0x82, 126, 0xea, 0x60), Buffer.alloc(60_000, 'x')])
    while (call.socket.writableLength < 4 * MIB) call.send(frame)
    await until('a backlog', async () => (await inFlight(sidecar)) === 1)
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    const began = performance.now()
    await sidecar.log(PHASE.drained, 15_000)
    const tookMs = performance.now() - began
    t.ok(tookMs > 4000 && tookMs < 12_000, `drained after ${Math.round(tookMs)} ms`)
    t.equal(client.ended, undefined, 'the client has not looked')
    await app.stop()
    t.equal((await sidecar.end(10_000)).code, 0)
    t.match(verdictOf(sidecar), { inFlight: 1, finished: 1, cut: 0 }, 'one connection, counted once')
  },
)

function verdictOfDrain(sidecar: Sidecar): { readonly inFlight: unknown } {
  const line = sidecar.logs.findLast((entry) => entry.msg.startsWith(PHASE.drained))
  return { inFlight: line?.['inFlight'] }
}
