/**
 * One lastcall in front of an app with three ports, HTTP/1.1, gRPC and any bytes: one lifecycle, one drain, one hook for
 * all of them. DESIGN §3, issue "Several ports behind one drain".
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { inFlight, path, PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { GrpcClient, startGrpcApp } from '../fixtures/grpc.ts'
import { listen } from '../fixtures/listener.ts'
import { freePort } from '../fixtures/ports.ts'
import { rawClient, type RawClient, requestText } from '../fixtures/raw.ts'
import { type ScriptedApp, startScripted } from '../fixtures/scripted.ts'
import { accepting, type Place, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

/** The app: each of its ports, and an end for all of them. */
async function threePorts(t: Test, flags: readonly string[] = []) {
  const http = await startScripted(t)
  const grpc = await startGrpcApp(t)
  const echo = await listen(
    t,
    createServer((socket) => void socket.on('error', () => undefined).pipe(socket)),
  )
  const sidecar = await startSidecar(t, {
    ports: [
      `127.0.0.1:0=${http.address}`,
      `127.0.0.1:0=${grpc.address}`,
      `127.0.0.1:0=127.0.0.1:${echo.port},protocol=tcp`,
    ],
    flags: withDefaults(flags),
  })
  await sidecar.ready()
  const end = async () => {
    await Promise.all([http.stop(), echo.stop()])
    grpc.kill()
  }
  return { http, grpc, echo, sidecar, end }
}

/** Something in flight on one port: says that it is, and ends it. */
interface Work {
  finish(): Promise<void>
}

async function onHttp(t: Test, place: Place, app: ScriptedApp): Promise<Work> {
  const client = await rawClient(t, place)
  client.send(requestText('GET', '/gate/work/body'))
  await app.arrived('work')
  return {
    async finish() {
      app.release('work')
      t.equal((await client.answer()).status, 200, 'HTTP was answered in full')
    },
  }
}

async function onGrpc(t: Test, { host, port }: Place): Promise<Work> {
  const client = new GrpcClient(`${host}:${port}`)
  t.teardown(() => client.close())
  const go = Promise.withResolvers<void>()
  const call = client.held(go.promise)
  await call.begun
  return {
    async finish() {
      go.resolve()
      t.same(await call.numbers, [1, 2], 'the call was answered in full')
    },
  }
}

async function onTcp(t: Test, place: Place): Promise<Work> {
  const socket = await dialled(t, place)
  socket.write('first')
  await once(socket, 'data')
  return {
    async finish() {
      socket.end('last')
      const [bytes] = (await once(socket, 'data')) as [Buffer]
      t.equal(bytes.toString(), 'last', 'the bytes came through')
    },
  }
}

async function dialled(t: Test, place: Place): Promise<Socket> {
  const socket = connect(place)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function refusedAt(place: Place): Promise<boolean> {
  const socket = connect(place)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

async function asked(t: Test, place: Place, what: string): Promise<RawClient> {
  const client = await rawClient(t, place)
  client.send(requestText('POST', `/post/${what}`, 'x'))
  return client
}

await tap.test('each port is served, and /status, metrics and the log say which', async (t) => {
  const { http, grpc, echo, sidecar } = await threePorts(t, ['--lb-health-path', '/up'])
  const works = [
    await onHttp(t, sidecar.listens[0]!, http),
    await onGrpc(t, sidecar.listens[1]!),
    await onTcp(t, sidecar.listens[2]!),
  ]
  const [web, rpc, raw] = sidecar.listens.map(({ port }) => String(port))
  const line = await sidecar.log('listening')
  t.match(line['ports'], [
    { port: web, listen: `127.0.0.1:${web}`, app: http.address, protocol: 'auto' },
    { port: rpc, listen: `127.0.0.1:${rpc}`, app: grpc.address, protocol: 'auto' },
    { port: raw, listen: `127.0.0.1:${raw}`, app: `127.0.0.1:${echo.port}`, protocol: 'tcp' },
  ])
  await until('three in flight', async () => (await inFlight(sidecar)) === 3)
  t.match(await sidecar.status(), {
    inFlight: { total: 3, http1: 1, http2: 1, tcp: 1 },
    connections: { client: 3, app: 3 },
    ports: [
      { port: web, inFlight: 1, connections: { client: 1, app: 1 }, health: { up: true } },
      { port: rpc, inFlight: 1, connections: { client: 1, app: 1 }, health: { up: true } },
      { port: raw, inFlight: 1, connections: { client: 1, app: 1 }, health: { up: true } },
    ],
  })
  t.equal(await sidecar.metric(`lastcall_in_flight{port="${web}",kind="http1"}`), 1)
  t.equal(await sidecar.metric(`lastcall_in_flight{port="${rpc}",kind="http2"}`), 1)
  t.equal(await sidecar.metric(`lastcall_in_flight{port="${rpc}",kind="http1"}`), 0)
  t.equal(await sidecar.metric(`lastcall_app_up{port="${raw}"}`), 1)
  t.equal(
    await sidecar.metric('lastcall_connections{side="client"}'),
    3,
    'what is the same for all is told once',
  )
  for (const work of works) await work.finish()

  const health = await rawClient(t, sidecar.listens[1]!)
  health.send(requestText('GET', '/up'))
  t.equal((await health.answer()).status, 200, 'load balancers may probe any port that speaks HTTP')
})

await tap.test(
  'a drain with traffic on all ports: all refuse together, requests finish, and the app exits',
  async (t) => {
    const { http, sidecar, end } = await threePorts(t)
    const works = [
      await onHttp(t, sidecar.listens[0]!, http),
      await onGrpc(t, sidecar.listens[1]!),
      await onTcp(t, sidecar.listens[2]!),
    ]
    const hooks = [sidecar.ask('GET', '/prestop/app'), sidecar.ask('GET', '/prestop/sidecar')]
    await sidecar.log(PHASE.settling)
    const during = await asked(t, sidecar.listens[0]!, 'settling')
    t.match(await during.answer('POST'), { status: 200, closes: false }, 'settling is served as ever')
    await sidecar.log(PHASE.draining)
    for (const place of sidecar.listens) await until(`refusal on ${place.port}`, async () => refusedAt(place))
    for (const [index, work] of works.entries()) {
      t.equal(await inFlight(sidecar), 3 - index)
      await work.finish()
    }
    for (const hook of hooks) t.equal((await hook).status, 200)
    await end()
    t.equal((await sidecar.end(10_000)).code, 0)
    t.same(path(sidecar), ['serving', 'settling', 'lame-duck', 'draining', 'drained', 'exiting', 'exited'])
    t.match(verdictOf(sidecar), { inFlight: 3, cut: 0, saved: { inFlight: 3, arrived: 1 } })
  },
)

for (const [index, name] of ['HTTP/1.1', 'gRPC', 'tcp'].entries())
  await tap.test(
    `${name} alone in flight at the end: the hook waits for it, then everything ends`,
    async (t) => {
      const { http, sidecar, end } = await threePorts(t)
      const place = sidecar.listens[index]!
      const work = index === 0 ? await onHttp(t, place, http) : await (index === 1 ? onGrpc : onTcp)(t, place)
      await until('one in flight', async () => (await inFlight(sidecar)) === 1)
      let answered = false
      const hook = sidecar.ask('GET', '/prestop/app').then((answer) => {
        answered = true
        return answer
      })
      sidecar.signal('SIGTERM')
      await sidecar.log(PHASE.draining)
      t.equal(await inFlight(sidecar), 1)
      t.notOk(answered, 'the app is not stopped under it')
      await work.finish()
      t.equal((await hook).status, 200)
      await end()
      t.equal((await sidecar.end(10_000)).code, 0)
      t.match(verdictOf(sidecar), { inFlight: 1, finished: 1, cut: 0 })
    },
  )

await tap.test(
  'one port of the app refuses connections: its requests wait, the other ports keep serving',
  async (t) => {
    const { http, sidecar } = await threePorts(t, ['--health-interval', '50ms', '--health-failures', '1'])
    await http.stop()
    const [web] = sidecar.listens
    const line = await sidecar.log(/: down: /)
    t.match(line, { port: String(web!.port), level: 'warn' })
    t.match(line.msg, `app of port ${web!.port}: down: connect ECONNREFUSED ${http.address}`)
    t.equal((await sidecar.ask('GET', '/readyz')).status, 503, 'a pod without one of its ports is not ready')
    t.equal(await sidecar.metric(`lastcall_app_up{port="${web!.port}"}`), 0)
    t.equal(await sidecar.metric(`lastcall_app_up{port="${sidecar.listens[1]!.port}"}`), 1)

    const waiting = await asked(t, web!, 'waited')
    await until('it is in flight', async () => (await inFlight(sidecar)) === 1)
    await (await onTcp(t, sidecar.listens[2]!)).finish()
    await (await onGrpc(t, sidecar.listens[1]!)).finish()
    t.equal(waiting.text, '', 'it waits')
    await http.start()
    t.equal((await waiting.answer('POST')).status, 200)
    await sidecar.ready()
    t.same(path(sidecar), ['serving'])
  },
)

await tap.test(
  'a container of several restarts alone, by its own hook: lastcall serves again at once',
  async (t) => {
    const { http, sidecar } = await threePorts(t, ['--connect-wait', '10s'])
    t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200)
    const waiting = await asked(t, sidecar.listens[0]!, 'held')
    await http.stop()
    // Twice as long as it takes to be seen gone: one port alone is not the app's end.
    await new Promise((resolve) => setTimeout(resolve, 500))
    t.equal((await sidecar.status())['phase'], 'drained')
    await http.start()
    await sidecar.log('phase: drained -> serving')
    t.equal((await waiting.answer('POST')).status, 200)
    await (await onTcp(t, sidecar.listens[2]!)).finish()
    t.match(verdictOf(sidecar), { outcome: 'returned', why: 'app back and healthy', cut: 0 })
  },
)

await tap.test('one port of the app ends before the others: lastcall exits after the last', async (t) => {
  const { http, grpc, echo, sidecar } = await threePorts(t, ['--app-stop', '10s'])
  const hooks = ['/prestop/app', '/prestop/sidecar'].map(async (hook) => sidecar.ask('GET', hook))
  for (const hook of hooks) t.equal((await hook).status, 200)
  await http.stop()
  grpc.kill()
  await new Promise((resolve) => setTimeout(resolve, 500)) // five looks, in which it must not exit
  t.equal((await sidecar.status())['phase'], 'drained')
  await echo.stop()
  await sidecar.log(PHASE.exiting)
  t.equal((await sidecar.end(5000)).code, 0)
})

await tap.test('all listeners open, or none: a port that is taken is named', async (t) => {
  const taken = await listen(t, createServer())
  const free = await freePort()
  const ports = [`127.0.0.1:${free}=127.0.0.1:1`, `127.0.0.1:${taken.port}=127.0.0.1:2`]
  await t.rejects(
    startSidecar(t, { ports }),
    new RegExp(`--port: port ${taken.port} of 127.0.0.1 is taken by another listener; choose another with`),
  )
  t.ok(await refusedAt({ host: '127.0.0.1', port: free }))
})

await tap.test('a false alarm: all listeners open again, each on its port', async (t) => {
  const short = ['--grace-period', '2s', '--app-stop', '500ms', '--settle', '100ms', '--quiet', '100ms']
  const { http, sidecar } = await threePorts(t, short)
  const places: readonly Place[] = sidecar.listens
  t.equal((await sidecar.ask('GET', '/prestop/sidecar')).status, 200)
  for (const place of places) await until('refusal', async () => refusedAt(place))
  await sidecar.log(PHASE.serving)
  for (const place of places) await accepting(place)
  await (await onHttp(t, places[0]!, http)).finish()
  await (await onGrpc(t, places[1]!)).finish()
  await (await onTcp(t, places[2]!)).finish()
})

await tap.test('the deadline cuts on every port, and says how many', async (t) => {
  const flags = ['--grace-period', '3s', '--app-stop', '500ms', '--settle', '100ms', '--quiet', '100ms']
  const { http, sidecar }: { http: ScriptedApp; sidecar: Sidecar } = await threePorts(t, flags)
  await onHttp(t, sidecar.listens[0]!, http)
  const socket = await dialled(t, sidecar.listens[2]!)
  const broken = once(socket, 'error')
  socket.write('work')
  await once(socket, 'data')
  sidecar.signal('SIGTERM')
  t.equal((await sidecar.end(10_000)).code, 1)
  t.match(await broken, [{ code: 'ECONNRESET' }])
  t.match(verdictOf(sidecar), { inFlight: 2, cut: 2 })
})
