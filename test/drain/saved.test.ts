/**
 * What a stop would have cost and did not: requests in flight when it began, and requests that arrived after that, each
 * served in full. Nothing that was cut, refused, ended or answered by lastcall itself. docs/operating.md, "Saved requests".
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import tap, { type Test } from 'tap'
import { endAfterApp, inFlight, PHASE, serving, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { call, closed, startEcho } from '../fixtures/websocket.ts'

const NOTHING = { inFlight: 0, arrived: 0 }
/** Time enough for a busy machine to do in a phase what is to be done in it, and to ask after the drain. */
const SLOW = ['--settle', '2s', '--quiet', '2s', '--app-stop', '20s', '--grace-period', '60s']

/** The counter, as the two figures of the verdict. */
async function counted(sidecar: Sidecar): Promise<{ inFlight: number; arrived: number }> {
  const of = async (how: string) =>
    (await sidecar.metric(`lastcall_saved_requests_total{how="${how}"}`)) ?? NaN
  return { inFlight: await of('in_flight'), arrived: await of('arrived') }
}

async function shown(sidecar: Sidecar): Promise<unknown> {
  return (await sidecar.status())['saved']
}

/** Requests of its own connection, one after the other, answered in full. */
async function post(t: Test, sidecar: Sidecar, count = 1): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('POST', '/post/1', 'x'))
    t.equal((await client.answer('POST')).status, 200)
  }
}

await tap.test(
  'HTTP/1.1: in flight at SIGTERM, then on a kept-alive and on two new connections',
  async (t) => {
    const { app, sidecar } = await serving(t, SLOW)
    await post(t, sidecar, 3)
    const held = await rawClient(t, sidecar.listen)
    held.send(requestText('GET', '/gate/work'))
    await app.arrived('work')
    const kept = await rawClient(t, sidecar.listen)
    kept.send(requestText('POST', '/post/1', 'x'))
    await kept.answer('POST')
    t.same(await counted(sidecar), NOTHING, 'serving saves nothing')
    t.same(await shown(sidecar), NOTHING)

    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.settling)
    kept.send(requestText('POST', '/post/1', 'x'))
    await kept.answer('POST')
    await post(t, sidecar)
    await sidecar.log(PHASE.lameDuck)
    await post(t, sidecar)
    t.same(await counted(sidecar), { inFlight: 0, arrived: 3 }, 'told while the drain lasts')
    const left = (await sidecar.metric('lastcall_drain_left_seconds'))!
    t.ok(left > 0 && left < 59, `${left} s of 59 are left`)
    t.equal(await sidecar.metric('lastcall_option_seconds{option="grace-period"}'), 60)
    await sidecar.log(PHASE.draining)
    app.release('work')
    await held.answer()
    await sidecar.log(PHASE.drained)
    t.same(await counted(sidecar), { inFlight: 1, arrived: 3 })
    t.same(await shown(sidecar), { inFlight: 1, arrived: 3 })
    t.equal(await endAfterApp(app, sidecar), 0)
    const { saved, text } = verdictOf(sidecar)
    t.same(saved, { inFlight: 1, arrived: 3 })
    t.match(
      text,
      ': 1 in flight at the start, 4 finished, 0 cut; saved 1 in flight and 3 that arrived later; ',
    )
  },
)

await tap.test('what the deadline cuts is not saved, what finished before it is', async (t) => {
  const { app, sidecar } = await serving(t, ['--grace-period', '6s', '--app-stop', '1s'])
  const clients = await Promise.all(
    ['cut', 'half/body', 'done'].map(async () => rawClient(t, sidecar.listen)),
  )
  for (const [i, gate] of ['cut', 'half/body', 'done'].entries())
    clients[i]!.send(requestText('GET', `/gate/${gate}`))
  for (const gate of ['cut', 'half', 'done']) await app.arrived(gate)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  app.release('done')
  await clients[2]!.answer()
  t.equal((await sidecar.end(10_000)).code, 1)
  t.match(verdictOf(sidecar), { inFlight: 3, finished: 1, cut: 2, saved: { inFlight: 1, arrived: 0 } })
})

await tap.test('clients that leave, are refused, fail or only probe do not count as saved', async (t) => {
  /** Answers that stand until the test ends or breaks them. */
  const standing = new Map<string, ServerResponse>()
  const server = createServer((request, response) => {
    if (request.url === '/error') response.writeHead(503).end('no')
    else if (request.url === '/ok') response.end('yes')
    else {
      response.write('half')
      standing.set(request.url!, response)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const sidecar = await startSidecar(t, {
    app: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    flags: withDefaults(['--lb-health-path', '/up', '--settle', '20s', '--grace-period', '60s']),
  })
  await sidecar.ready()
  const ask = async (target: string, fields = '') => {
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('GET', target, undefined, fields))
    return client
  }
  const leaves = await ask('/leaves')
  const broken = await ask('/broken')
  await until('two in flight', () => standing.size === 2)

  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  leaves.socket.resetAndDestroy()
  standing.get('/broken')!.destroy()
  t.equal(await broken.end(), 'reset', 'what the app cut is cut')
  t.equal((await (await ask('/up')).answer()).status, 503, 'answered by lastcall')
  const bad = await rawClient(t, sidecar.listen)
  bad.send('GET / HTTP/1.1\r\n\r\n')
  t.equal((await bad.answer()).status, 400, 'refused by lastcall')
  t.equal((await (await ask('/error')).answer()).status, 503, 'an error of the app')
  t.equal((await (await ask('/ok', 'User-Agent: kube-probe/1.36\r\n')).answer()).status, 200)
  const late = await ask('/late')
  await until('one in flight', async () => (await inFlight(sidecar)) === 1)
  late.socket.resetAndDestroy()
  await until('none in flight', async () => (await inFlight(sidecar)) === 0)
  t.same(await shown(sidecar), NOTHING)
  t.equal((await (await ask('/ok')).answer()).status, 200)
  t.same(await shown(sidecar), { inFlight: 0, arrived: 1 }, 'and one that was served is')
  t.same(await counted(sidecar), { inFlight: 0, arrived: 1 })
})

await tap.test('an unread response counts once its client has read it, or never', async (t) => {
  const { sidecar } = await serving(t, ['--settle', '20s', '--grace-period', '60s'])
  const slow = await Promise.all([1, 2].map(async () => rawClient(t, sidecar.listen)))
  const bytes = 32 * 1024 * 1024
  let received = 0
  for (const { socket } of slow) {
    socket.removeAllListeners('data')
    socket.on('data', (text: string) => void (received += text.length))
    socket.pause()
    socket.write(requestText('GET', `/bytes/${bytes}`))
  }
  await until('both in flight', async () => (await inFlight(sidecar)) === 2)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  slow[0]!.socket.resetAndDestroy()
  await until('one in flight', async () => (await inFlight(sidecar)) === 1)
  t.same(await shown(sidecar), NOTHING)
  slow[1]!.socket.resume()
  await until('the whole response', () => received > bytes, 30_000)
  await until('none in flight', async () => (await inFlight(sidecar)) === 0)
  t.same(await shown(sidecar), { inFlight: 1, arrived: 0 })
})

await tap.test('HTTP/2: each stream counts, except those that were reset or failed', async (t) => {
  const streams = new Map<string, ServerHttp2Stream>()
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    const path = headers[':path']!
    if (path === '/ok') stream.end('yes')
    else if (path === '/error') {
      stream.respond({ ':status': 500 })
      stream.end('no')
    } else {
      stream.on('error', () => undefined)
      stream.write('half')
      streams.set(path, stream)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const sidecar = await startSidecar(t, {
    app: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    flags: withDefaults(['--settle', '20s', '--grace-period', '60s']),
  })
  await sidecar.ready()
  const session = connectHttp2(sidecar.url)
  t.teardown(() => session.destroy())
  session.on('error', () => undefined)
  const ask = (path: string) => {
    const stream = session.request({ ':path': path })
    stream.on('error', () => undefined)
    return stream.resume()
  }
  const [whole, cancelled, refused] = ['/whole', '/cancelled', '/refused'].map(ask)
  await until('three in flight', () => streams.size === 3)

  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  for (const path of ['/ok', '/error', '/ok']) await once(ask(path), 'close')
  cancelled!.close(8)
  streams.get('/refused')!.destroy(new Error('broken'))
  await until('its end', () => refused!.closed)
  streams.get('/whole')!.end()
  await once(whole!, 'close')
  await until('none in flight', async () => (await inFlight(sidecar)) === 0)
  t.same(await shown(sidecar), { inFlight: 1, arrived: 2 })
})

await tap.test('a WebSocket that closes by itself is finished, one that gets 1001 is ended', async (t) => {
  const app = await startEcho(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults(['--settle', '3s']) })
  await sidecar.ready()
  const [own, told] = [await call(t, sidecar.listen, 'ws'), await call(t, sidecar.listen, 'ws')]
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  own.close(1000)
  t.match(await closed(own), { code: 1000 })
  t.match(await closed(told), { code: 1001 })
  await sidecar.log(PHASE.drained)
  await app.stop()
  t.equal((await sidecar.end(10_000)).code, 0)
  t.match(verdictOf(sidecar), { inFlight: 2, finished: 2, saved: { inFlight: 1, arrived: 0 } })
})

await tap.test('an event stream that lastcall ends is not finished', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: one\n\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sidecar = await startSidecar(t, {
    app: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    flags: withDefaults([]),
  })
  await sidecar.ready()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/events', undefined, 'Accept: text/event-stream\r\n'))
  await client.until('an event', () => client.text.includes('data: one'))
  sidecar.signal('SIGTERM')
  t.equal((await client.answer()).status, 200)
  await sidecar.log(PHASE.drained)
  server.closeAllConnections()
  server.close()
  t.equal((await sidecar.end(10_000)).code, 0)
  t.match(verdictOf(sidecar), { inFlight: 1, finished: 1, cut: 0, saved: NOTHING })
})

await tap.test(
  "an operator's drain is not a stop; it becomes one when the kubelet's hook joins",
  async (t) => {
    const { app, sidecar } = await serving(t)
    const work = await Promise.all(['one', 'two'].map(async () => rawClient(t, sidecar.listen)))
    for (const [i, gate] of ['one', 'two'].entries()) {
      work[i]!.send(requestText('GET', `/gate/${gate}`))
      await app.arrived(gate)
    }
    await sidecar.ask('POST', '/drain')
    await sidecar.log(PHASE.draining)
    await post(t, sidecar)
    app.release('one')
    await work[0]!.answer()
    t.same(await shown(sidecar), NOTHING)
    const hook = sidecar.ask('GET', '/prestop/sidecar')
    await until('proof', async () => (await sidecar.status())['proof'] === true)
    app.release('two')
    await work[1]!.answer()
    await hook
    sidecar.signal('SIGTERM')
    t.equal(await endAfterApp(app, sidecar), 0)
    t.same(verdictOf(sidecar).saved, { inFlight: 1, arrived: 0 })
  },
)

await tap.test('an operator who drains and resumes has saved nothing', async (t) => {
  const { sidecar } = await serving(t)
  await sidecar.ask('POST', '/drain')
  await post(t, sidecar, 2)
  await sidecar.ask('POST', '/resume')
  await sidecar.log('back in service')
  t.same(verdictOf(sidecar).saved, NOTHING)
  t.notMatch(verdictOf(sidecar).text, 'saved')
  t.same(await counted(sidecar), NOTHING)
})

await tap.test("a hook's drain that an operator resumes has saved nothing", async (t) => {
  const { sidecar } = await serving(t)
  const hook = sidecar.ask('GET', '/prestop/app')
  await sidecar.log(PHASE.settling)
  await post(t, sidecar)
  t.same(await shown(sidecar), { inFlight: 0, arrived: 1 })
  await sidecar.ask('POST', '/resume')
  await hook
  await sidecar.log('back in service')
  t.same(verdictOf(sidecar).saved, NOTHING)
  t.same(await shown(sidecar), NOTHING)
  t.same(await counted(sidecar), NOTHING)
})

const SHORT = ['--grace-period', '4s', '--app-stop', '500ms', '--settle', '2s', '--quiet', '100ms']

await tap.test('a false alarm has saved nothing, and the next stop does not count it', async (t) => {
  const { app, sidecar } = await serving(t, SHORT)
  const hook = sidecar.ask('GET', '/prestop/app')
  await sidecar.log(PHASE.settling)
  await post(t, sidecar, 2)
  t.same(await shown(sidecar), { inFlight: 0, arrived: 2 }, 'it may be a stop')
  t.same(await counted(sidecar), NOTHING, 'but there is no evidence of one')
  await hook
  await sidecar.log('back in service')
  t.match(verdictOf(sidecar), { why: 'false alarm', saved: NOTHING })
  t.same(await shown(sidecar), NOTHING)
  t.equal(await sidecar.metric('lastcall_false_alarms_total'), 1)

  await sidecar.ready()
  sidecar.signal('SIGTERM')
  await until('settling again', async () => (await sidecar.status())['phase'] === 'settling')
  await post(t, sidecar)
  t.same(await counted(sidecar), { inFlight: 0, arrived: 1 })
  await sidecar.log('phase: draining -> drained (nothing in flight)')
  await app.stop()
  t.equal((await sidecar.end(10_000)).code, 0)
  t.same(verdictOf(sidecar).saved, { inFlight: 0, arrived: 1 })
})

await tap.test("a stranger's call of the sidecar's hook: its verdict has saved nothing", async (t) => {
  const { sidecar } = await serving(t, SHORT)
  const hook = sidecar.ask('GET', '/prestop/sidecar')
  await sidecar.log(PHASE.settling)
  await post(t, sidecar)
  t.same(await counted(sidecar), { inFlight: 0, arrived: 1 }, 'proof is told at once')
  await hook
  await sidecar.log('back in service')
  t.match(verdictOf(sidecar), { why: 'false alarm', saved: NOTHING })
  t.same(await counted(sidecar), { inFlight: 0, arrived: 1 }, 'a counter cannot go back')
})

await tap.test("the app's container stops alone: what its end would have cost is saved", async (t) => {
  const { app, sidecar } = await serving(t)
  const held = await rawClient(t, sidecar.listen)
  held.send(requestText('GET', '/gate/work'))
  await app.arrived('work')
  const hook = sidecar.ask('GET', '/prestop/app')
  await sidecar.log(PHASE.settling)
  await post(t, sidecar)
  await sidecar.log(PHASE.draining)
  app.release('work')
  await held.answer()
  await hook
  t.same(await counted(sidecar), NOTHING, 'no evidence yet')
  await app.stop()
  await until('the evidence', async () => (await counted(sidecar)).inFlight === 1)
  t.same(await counted(sidecar), { inFlight: 1, arrived: 1 })
  await app.start()
  await sidecar.log('back in service')
  t.match(verdictOf(sidecar), { why: 'app back and healthy', saved: { inFlight: 1, arrived: 1 } })
  await sidecar.ready()
  await post(t, sidecar)
  t.same(await counted(sidecar), { inFlight: 1, arrived: 1 }, 'serving saves nothing')
})
