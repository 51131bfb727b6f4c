/** Faults of the app: refuses, hangs, talks garbage, closes in the middle. Each many times; then the gauges balance. DESIGN §2. */
import { createServer, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { balanced, gauges, gaugesAtRest } from '../fixtures/gauges.ts'
import { listen } from '../fixtures/listener.ts'
import { freePort } from '../fixtures/ports.ts'
import { type RawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const TIMES = 200
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable, fin'

/** lastcall before an app that does so on each connection, once it has been asked something. */
async function inFrontOf(
  t: Test,
  fault: (socket: Socket) => void,
  flags: readonly string[] = [],
): Promise<Sidecar> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.once('data', () => fault(socket)))
  const app = await listen(t, server)
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}`, flags })
  await sidecar.ready()
  return sidecar
}

/** Asks on so many connections at once, with GET and POST in turn, and waits for their ends. */
async function askAll(t: Test, sidecar: Sidecar): Promise<RawClient[]> {
  const clients = await rawClients(t, sidecar.listen, TIMES)
  clients.forEach((client, i) => {
    client.send(i % 2 === 0 ? requestText('GET', '/') : requestText('POST', '/', 'x'))
  })
  await Promise.all(clients.map(async (client) => client.end()))
  return clients
}

/** The first line and the end that each client saw; each kind once. */
function kinds(clients: readonly RawClient[]): string[] {
  return [...new Set(clients.map(({ text, ended }) => `${text.split('\r\n', 1)[0]}, ${ended}`))]
}

await tap.test(
  'an app that refuses connections: 503 after connect-wait for all, and service when it is back',
  async (t) => {
    const port = await freePort()
    const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}`, flags: ['--connect-wait', '300ms'] })
    const clients = await askAll(t, sidecar)
    t.same(kinds(clients), [UNAVAILABLE], 'before it was ever there')
    t.ok(
      clients.every(({ text }) => /^Retry-After: \d/m.test(text) && /^Proxy-Status: lastcall;/m.test(text)),
    )

    const server = createServer((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
    })
    const app = await listen(t, server, port)
    await sidecar.ready()
    const start = await gaugesAtRest(sidecar)
    await app.stop()
    t.same(kinds(await askAll(t, sidecar)), [UNAVAILABLE], 'after it was')
    await balanced(t, sidecar, start)
    const waiting = await rawClients(t, sidecar.listen, TIMES)
    for (const client of waiting) client.send(requestText('POST', '/', 'x'))
    await listen(t, server, port)
    const answers = await Promise.all(waiting.map(async (client) => client.answer('POST')))
    t.same([...new Set(answers.map(({ status }) => status))], [204])
  },
)

await tap.test(
  'an app that hangs: each client may give up, and its app connection goes with it',
  async (t) => {
    const sidecar = await inFrontOf(t, () => undefined)
    const start = await gaugesAtRest(sidecar)
    const clients = await rawClients(t, sidecar.listen, TIMES)
    for (const client of clients) client.send(requestText('POST', '/', 'x'))
    await until('all to be with the app', async () => (await gauges(sidecar)).apps === TIMES)
    t.match(await gauges(sidecar), { inFlight: TIMES, inFlightMetric: TIMES, clients: TIMES })
    for (const { socket } of clients) socket.resetAndDestroy()
    await balanced(t, sidecar, start)
  },
)

await tap.test('an app that hangs does not hold an exit beyond the deadline', async (t) => {
  const flags = ['--settle', '100ms', '--quiet', '100ms', '--app-stop', '1s', '--grace-period', '3s']
  const sidecar = await inFrontOf(t, () => undefined, flags)
  const [client] = await rawClients(t, sidecar.listen, 1)
  client!.send(requestText('GET', '/'))
  await until('it is with the app', async () => (await gauges(sidecar)).apps === 1)
  sidecar.signal('SIGTERM')
  t.same(await sidecar.end(5000), { code: 1, signal: null })
  t.equal(await client!.end(), 'reset')
})

const GARBAGE = 'garbage that is no head\r\n\r\nand has no end'
const CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway, fin'
/** What the app says, how it then ends, and what the client sees of it. */
const FAULTS = [
  ['garbage', GARBAGE, 'fin', 'garbage that is no head, fin'],
  ['garbage', GARBAGE, 'reset', 'garbage that is no head, reset'],
  ['nothing', '', 'fin', BAD_GATEWAY],
  ['nothing', '', 'reset', BAD_GATEWAY],
  ['half a head', HEAD.slice(0, 20), 'fin', BAD_GATEWAY],
  ['half a head', HEAD.slice(0, 20), 'reset', BAD_GATEWAY],
  ['half a body', `${HEAD}half`, 'fin', 'HTTP/1.1 200 OK, reset'],
  ['half a body', `${HEAD}half`, 'reset', 'HTTP/1.1 200 OK, reset'],
  ['chunks without the last', CHUNKS, 'fin', 'HTTP/1.1 200 OK, reset'],
] as const

for (const [what, say, end, seen] of FAULTS) {
  await tap.test(`an app that says ${what}, then ${end}: ${seen}`, async (t) => {
    const sidecar = await inFrontOf(t, (socket) => {
      socket.write(say)
      // What was sent must have been read before the reset, which would overtake it.
      if (end === 'fin') socket.end()
      else setTimeout(() => socket.resetAndDestroy(), 100)
    })
    const start = await gaugesAtRest(sidecar)
    const told = kinds(await askAll(t, sidecar))
    // For the same reason a client that is reset may see less; never more, and never a FIN instead.
    const allowed = seen.endsWith('reset') ? [seen, ', reset'] : [seen]
    t.same(
      told.filter((kind) => !allowed.includes(kind)),
      [],
    )
    t.ok(told.includes(seen), 'and that is what some have seen at least')
    await balanced(t, sidecar, start)
  })
}

await tap.test('an answer that the app breaks off while it is written to never looks complete', async (t) => {
  for (const relay of ['native', 'portable']) {
    // The length of such an answer is told by its end alone: a FIN would make it whole.
    const sidecar = await inFrontOf(
      t,
      (socket) => {
        socket.on('error', () => undefined)
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe first of many')
        socket.resume()
        setTimeout(() => socket.resetAndDestroy(), 5)
      },
      ['--relay', relay],
    )
    const clients = await rawClients(t, sidecar.listen, TIMES)
    await Promise.all(
      clients.map(async (client) => {
        client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000000\r\n\r\n')
        const upload = setInterval(() => client.send('x'.repeat(1000)), 0)
        await client.end().finally(() => clearInterval(upload))
      }),
    )
    const seen = kinds(clients)
    t.notOk(seen.includes('HTTP/1.1 200 OK, fin'), relay)
    t.ok(seen.includes('HTTP/1.1 200 OK, reset'), 'and it was broken off')
  }
})
