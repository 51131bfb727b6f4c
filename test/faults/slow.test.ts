/** Clients that take all the time in the world: slowloris (heads), slow POST or Rudy (bodies), slow read. DESIGN §2, §5. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tap, { type Test } from 'tap'
import { balanced, gauges, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { listen } from '../fixtures/listener.ts'
import { rawClient, type RawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const ATTACKERS = 1000
/** An answer takes a millisecond or two; the rest is for a busy machine, and below what any of the attackers waits. */
const UNHURT_MS = 2000

interface Normal {
  answers: number
  slowestMs: number
  stop(): Promise<void>
}

/** A client that asks every few milliseconds, and keeps a book of how long it had to wait. */
function normalTraffic(t: Test, sidecar: Sidecar): Normal {
  const stopping = new AbortController()
  const book = { answers: 0, slowestMs: 0 }
  const ask = async (): Promise<void> => {
    const client = await rawClient(t, sidecar.listen)
    for (; !stopping.signal.aborted; book.answers += 1) {
      const start = performance.now()
      client.send(requestText('POST', `/post/${book.answers}`, 'x'))
      await client.answer('POST')
      book.slowestMs = Math.max(book.slowestMs, performance.now() - start)
      await sleep(5)
    }
    client.socket.destroy()
  }
  const asking = ask()
  const stop = async (): Promise<void> => {
    stopping.abort()
    await asking
  }
  return Object.assign(book, { stop })
}

/** Sends a byte on each that is still open, now and then, until the function that it returns is called. */
function dribble(clients: readonly RawClient[], byte: string): () => void {
  const timer = setInterval(() => {
    for (const { socket, ended } of clients) if (ended === undefined) socket.write(byte)
  }, 300)
  return () => clearInterval(timer)
}

await tap.test(`slowloris: ${ATTACKERS} heads that never end get 408 after head-timeout`, async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: ['--head-timeout', '2s'] })
  await sidecar.ready()
  const start = await gaugesAtRest(sidecar)
  const { rss } = memory(sidecar)
  const normal = normalTraffic(t, sidecar)
  const clients = await rawClients(t, sidecar.listen, ATTACKERS)
  const began = performance.now()
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: test\r\nX-')
  const stop = dribble(clients, 'a')
  await until('all in flight', async () => (await gauges(sidecar)).inFlight >= ATTACKERS)
  await Promise.all(clients.map(async (client) => client.end(20_000)))
  const tookMs = performance.now() - began
  stop()
  await normal.stop()
  const answered = clients.filter(({ text }) => text.startsWith('HTTP/1.1 408 ')).length
  // Who dribbles into a connection that was closed may be reset before it has read its answer.
  t.ok(answered > 0.9 * ATTACKERS, `${answered} got 408`)
  t.ok(
    clients.every(({ text }) => text === '' || text.startsWith('HTTP/1.1 408 ')),
    'none anything else',
  )
  t.ok(tookMs >= 1900, `not before head-timeout: ${tookMs} ms`)
  t.ok(normal.answers > 20, `${normal.answers} normal answers`)
  t.ok(normal.slowestMs < UNHURT_MS, `the slowest in ${normal.slowestMs} ms`)
  t.equal(app.journal.length, normal.answers, 'the app has seen nothing of the attack')
  t.ok(memory(sidecar).rss < rss + 60 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
  await balanced(t, sidecar, start)
})

await tap.test(
  `slow POST (Rudy): ${ATTACKERS} bodies that never end do no harm, and end with their clients`,
  async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, { app: app.address })
    await sidecar.ready()
    const start = await gaugesAtRest(sidecar)
    const { rss } = memory(sidecar)
    const normal = normalTraffic(t, sidecar)
    const clients = await rawClients(t, sidecar.listen, ATTACKERS)
    for (const client of clients)
      client.send('PUT /upload/1 HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n')
    const stop = dribble(clients, 'a')
    await until('all with the app', async () => (await gauges(sidecar)).apps >= ATTACKERS)
    const before = normal.answers
    await until('some answers meanwhile', () => normal.answers > before + 50)
    stop()
    clients.forEach(({ socket }, i) => (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()))
    await normal.stop()
    t.ok(
      normal.slowestMs < UNHURT_MS,
      `${normal.answers} normal answers, the slowest in ${normal.slowestMs} ms`,
    )
    t.equal(app.journal.length, normal.answers, 'no half body was applied')
    t.ok(memory(sidecar).rss < rss + 60 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
    await balanced(t, sidecar, start)
    await until('the app has its connections back', () => app.connections === 0)
  },
)

await tap.test('slow read: clients that never read hold the app back, not the memory', async (t) => {
  let sent = 0
  const piece = Buffer.alloc(MIB, 'x')
  const server = createServer((socket) => {
    const more = (): void => {
      while (!socket.destroyed) {
        sent += piece.length
        if (!socket.write(piece)) return
      }
    }
    socket.once('data', (request) => {
      if (request.includes('POST')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        return
      }
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1024 * MIB}\r\n\r\n`)
      socket.on('drain', more)
      more()
    })
  })
  const app = await listen(t, server)
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}` })
  await sidecar.ready()
  const start = await gaugesAtRest(sidecar)
  const { rss } = memory(sidecar)
  const count = 20
  const clients = await rawClients(t, sidecar.listen, count)
  for (const client of clients) {
    client.socket.pause()
    client.send(requestText('GET', '/'))
  }
  let last = -1
  await until(
    'the app to be held back',
    () => {
      const before = last
      last = sent
      return before === sent && sent >= count * MIB
    },
    20_000,
    300,
  )
  t.ok(
    sent < count * 40 * MIB,
    `each may send what the buffers of the kernel take: ${sent / count / MIB} MiB`,
  )
  t.ok(memory(sidecar).rss < rss + 40 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
  t.match(await gauges(sidecar), { inFlight: count, apps: count })
  const normal = await rawClient(t, sidecar.listen)
  const asked = performance.now()
  normal.send(requestText('POST', '/', 'x'))
  t.equal((await normal.answer('POST')).status, 200)
  t.ok(performance.now() - asked < UNHURT_MS, 'others are unhurt')
  normal.socket.destroy()
  clients.forEach(({ socket }, i) => (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()))
  await balanced(t, sidecar, start)
  await until('the app is rid of them', () => app.open() === 0)
})
