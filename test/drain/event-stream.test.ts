/**
 * Streams of events when a pod stops: an EventSource is sent to another replica between two events, with its last id, and
 * misses none. DESIGN §3; WHATWG HTML §9.2.
 */
import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { EventSource } from 'eventsource'
import tap, { type Test } from 'tap'
import { PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { type Place, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

/** An app with one endless stream: events from the one behind Last-Event-ID on, as many as `log` has, and as it grows. */
class EventApp {
  readonly #log: readonly string[]
  readonly #listeners = new Map<ServerResponse, number>()
  /** Last-Event-ID of each request. */
  readonly lastIds: string[] = []
  readonly #server = createHttpServer((request, response) => {
    if (request.url !== '/events') {
      response.end('ok')
      return
    }
    const lastId = String(request.headers['last-event-id'] ?? '')
    this.lastIds.push(lastId)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write('retry: 50\n\n')
    response.on('close', () => this.#listeners.delete(response))
    this.#listeners.set(response, Number(lastId))
    this.tell()
  })

  constructor(log: readonly string[]) {
    this.#log = log
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get listeners(): number {
    return this.#listeners.size
  }

  async start(t: Test): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    t.teardown(() => this.stop())
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Sends what is new; every third event in two chunks. */
  tell(): void {
    for (const [response, told] of this.#listeners) {
      for (let id = told + 1; id <= this.#log.length; id++) {
        const text = `id: ${id}\ndata: ${this.#log[id - 1]}\n\n`
        if (id % 3 === 0) {
          response.write(text.slice(0, 8))
          response.write(text.slice(8))
        } else response.write(text)
      }
      this.#listeners.set(response, this.#log.length)
    }
  }
}

/** A Service of one endpoint at a time: a connection stays with the one that it was made to. */
async function startService(t: Test, first: Place): Promise<{ url: string; to(place: Place): void }> {
  let place = first
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const pod = connect({ ...place, allowHalfOpen: true })
    for (const [from, to] of [
      [client, pod],
      [pod, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroySoon())
    }
    t.teardown(() => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
  return { url, to: (next) => (place = next) }
}

async function replica(t: Test, log: readonly string[]): Promise<{ app: EventApp; sidecar: Sidecar }> {
  const app = new EventApp(log)
  await app.start(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults([]) })
  await sidecar.ready()
  return { app, sidecar }
}

void tap.test('an EventSource misses no event when its pod is replaced', async (t) => {
  const log: string[] = []
  const [old, young] = await Promise.all([replica(t, log), replica(t, log)])
  const service = await startService(t, old.sidecar.listen)
  const happens = setInterval(() => {
    log.push(`event ${log.length + 1}`)
    old.app.tell()
    young.app.tell()
  }, 3)
  t.teardown(() => clearInterval(happens))

  const sources = Array.from({ length: 20 }, () => {
    const seen: string[] = []
    const source = new EventSource(service.url)
    source.addEventListener('message', ({ data }: { data: string }) => seen.push(data))
    t.teardown(() => source.close())
    return { source, seen }
  })
  await until('events for all', () => sources.every(({ seen }) => seen.length > 20))

  old.sidecar.signal('SIGTERM')
  await old.sidecar.log(PHASE.lameDuck)
  t.equal(old.app.listeners, sources.length, 'they stay until draining')
  service.to(young.sidecar.listen)
  await old.sidecar.log(PHASE.drained)
  await until('no listener of the old app', () => old.app.listeners === 0)
  await until('all at the other replica', () => young.app.listeners === sources.length)
  const mark = log.length
  await until('events from there', () => sources.every(({ seen }) => seen.length > mark))
  clearInterval(happens)

  const expected = sources.map(({ seen }) => Array.from(seen, (_, i) => `event ${i + 1}`))
  t.same(
    sources.map(({ seen }) => seen),
    expected,
    'each event once, in order',
  )
  t.ok(
    young.app.lastIds.every((id) => Number(id) > 20),
    'they came with their last ids',
  )
  old.app.stop()
  t.equal((await old.sidecar.end(10_000)).code, 0)
  t.match(verdictOf(old.sidecar), { inFlight: sources.length, finished: sources.length, cut: 0 })
})

void tap.test('the streamed answer to a POST is served to its end, however long that takes', async (t) => {
  const finish = Promise.withResolvers<void>()
  const server = createHttpServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: one\n\n')
    void finish.promise.then(() => response.end('data: [DONE]\n\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const app = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const sidecar = await startSidecar(t, { app, flags: withDefaults([]) })
  await sidecar.ready()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/v1/chat/completions', '{}', 'Accept: text/event-stream\r\n'))
  await client.until('an event', () => client.text.includes('data: one\n\n'))
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  t.match(await sidecar.status(), { inFlight: { total: 1 } }, 'the drain waits for it')
  finish.resolve()
  t.match((await client.answer()).body, 'data: [DONE]\n\n')
  await sidecar.log(PHASE.drained)
  server.closeAllConnections()
  server.close()
  t.equal((await sidecar.end(10_000)).code, 0)
  t.match(verdictOf(sidecar), { inFlight: 1, finished: 1, cut: 0, saved: { inFlight: 1 } })
})

void tap.test('a stream that has no chunks is left to the deadline, and counted as cut', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const flags = withDefaults(['--grace-period', '6s', '--app-stop', '1s'])
  const app = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const sidecar = await startSidecar(t, { app, flags })
  await sidecar.ready()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/'))
  await client.until('an event', () => client.text.endsWith('data: 1\n\n'))
  sidecar.signal('SIGTERM')
  t.equal(await client.end(), 'reset')
  t.equal((await sidecar.end(10_000)).code, 1)
  t.match(verdictOf(sidecar), { cut: 1 })
})
