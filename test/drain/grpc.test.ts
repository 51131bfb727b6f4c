/**
 * gRPC clients under load while one of two replicas is drained behind a Service that learns of it late: no call fails,
 * whether it began before the drain or after. DESIGN §3, RFC 9113 §6.8.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { Service } from '../../src/tools/rehearsal/endpoints.ts'
import { Random } from '../../src/tools/rehearsal/random.ts'
import { inFlight, PHASE, QUICK, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { GrpcClient, startGrpcApp } from '../fixtures/grpc.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const CLIENTS = 8
/** Calls that a client makes at a time, where it balances itself. */
const CALLERS = 4
/** A stream takes some seconds: longer than all phases of the drain before draining. */
const STREAM = { count: 30, everyMs: 100 }

await tap.test('a replica is drained under load', { timeout: 90_000 }, async (t) => {
  const service = new Service({ random: new Random(1), lagMs: [50, 150], choose: 'round-robin' })
  const replica = async (pod: string) => {
    const app = await startGrpcApp(t)
    const sidecar = await startSidecar(t, { app: app.address, flags: QUICK })
    await sidecar.ready()
    const endpoint = { pod, ...sidecar.listen }
    service.announce(endpoint, 'ready')
    return { app, sidecar, endpoint }
  }
  const [leaving, staying] = await Promise.all([replica('draining'), replica('staying')])
  const { host } = new URL(await service.listen())
  t.teardown(() => service.close())
  await until('both are known', () => service.pending === 0)

  // Half of them never try a call twice, not even one that was refused before it was looked at.
  const clients = Array.from(
    { length: CLIENTS },
    (_, i) => new GrpcClient(host, { 'grpc.enable_retries': i % 2 }),
  )
  t.teardown(() => clients.forEach((client) => client.close()))
  const failures: string[] = []
  /** Calls that grpc-js had begun and not sent when it heard a GOAWAY: it fails them by itself, unless it may retry. */
  const unsent: string[] = []
  const answered = { before: 0, after: 0 }
  let drainedAt = Infinity
  const over = new AbortController()
  const numbers = Array.from({ length: STREAM.count }, (_, n) => n)
  const repeat = async (name: string, retries: boolean, call: () => Promise<unknown>, expected: unknown) => {
    while (!over.signal.aborted) {
      const began = performance.now()
      try {
        const got = JSON.stringify(await call())
        if (got !== JSON.stringify(expected)) failures.push(`${name}: ${got}`)
        answered[began < drainedAt ? 'before' : 'after'] += 1
      } catch (error) {
        const said = `${name}, begun ${Math.round(began - drainedAt)} ms after the drain: ${String(error)}`
        if (!retries && /Stream refused by server/.test(said)) unsent.push(said)
        else failures.push(said)
      }
    }
  }
  const sum = numbers.reduce((a, b) => a + b, 0)
  const load = clients.flatMap((client, i) => [
    repeat('Ask', i % 2 === 1, async () => (await client.ask('hello')).text, 'hello'),
    repeat('Count', i % 2 === 1, async () => client.count(STREAM.count, STREAM.everyMs), numbers),
    repeat('Echo', i % 2 === 1, async () => client.echo(numbers, STREAM.everyMs), numbers),
    repeat('Add', i % 2 === 1, async () => client.add(numbers, STREAM.everyMs), sum),
  ])
  await until('streams on the replica that leaves', async () => (await inFlight(leaving.sidecar)) >= 6)

  await sleep(1000)
  drainedAt = performance.now()
  leaving.sidecar.signal('SIGTERM')
  service.announce(leaving.endpoint, 'out')
  await leaving.sidecar.log(PHASE.draining)
  t.ok((await inFlight(leaving.sidecar)) > 0, 'streams are in flight when it drains')
  await leaving.sidecar.log(PHASE.drained)
  t.equal(await leaving.sidecar.metric('lastcall_refused_total{reason="draining"}'), 0, 'we refused none')
  await leaving.app.stop()
  t.equal((await leaving.sidecar.end(10_000)).code, 0, 'nothing was cut')

  await sleep(1000)
  over.abort()
  await Promise.all(load)
  t.same(failures, [], 'no call failed that had reached us')
  // One each time that a connection is told, at the most: each has one caller that does not wait.
  t.ok(unsent.length <= CLIENTS, unsent.join('\n'))
  t.ok(answered.before > 100 && answered.after > 100, `${answered.before} before, ${answered.after} after`)
  t.ok((leaving.app.begun['Count'] ?? 0) > 0 && (leaving.app.begun['Ask'] ?? 0) > 0, 'it had its share')
  t.match(verdictOf(leaving.sidecar), { cut: 0 })
  t.equal(await staying.sidecar.metric('lastcall_refused_total{reason="http2"}'), 0)
})

await tap.test('a gRPC client that is idle is sent away, and its next call goes elsewhere', async (t) => {
  const app = await startGrpcApp(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: QUICK })
  const other = await startSidecar(t, { app: app.address, flags: QUICK })
  await Promise.all([sidecar.ready(), other.ready()])
  const service = new Service({ random: new Random(1), lagMs: [0, 1], choose: 'round-robin' })
  service.announce({ pod: 'a', ...sidecar.listen }, 'ready')
  const { host } = new URL(await service.listen())
  t.teardown(() => service.close())
  await until('it is known', () => service.pending === 0)
  const client = new GrpcClient(host)
  t.teardown(() => client.close())
  await client.ask('one')

  service.announce({ pod: 'a', ...sidecar.listen }, 'out')
  service.announce({ pod: 'b', ...other.listen }, 'ready')
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  t.equal((await client.ask('two')).text, 'two')
  t.same(
    service.connections.map(({ pod }) => pod),
    ['a', 'b'],
  )
})

await tap.test('clients that balance themselves come back once, are let be, and quiet comes', async (t) => {
  const replica = async () => {
    const app = await startGrpcApp(t)
    const flags = withDefaults(['--quiet', '700ms', '--lame-duck-max', '8s'])
    const sidecar = await startSidecar(t, { app: app.address, flags })
    await sidecar.ready()
    return { app, sidecar }
  }
  const [leaving, staying] = await Promise.all([replica(), replica()])
  const addresses = [leaving, staying].map(({ sidecar }) => `127.0.0.1:${sidecar.listen.port}`)
  const roundRobin = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] })
  const client = (retries: 0 | 1) =>
    new GrpcClient(`ipv4:${addresses.join(',')}`, {
      'grpc.enable_retries': retries,
      'grpc.service_config': roundRobin,
    })
  const patient = [client(1), client(1)]
  const impatient = [client(0), client(0)]
  t.teardown(() => [...patient, ...impatient].forEach((one) => one.close()))
  const over = new AbortController()
  t.teardown(() => over.abort())
  const load = async (one: GrpcClient, failures: number[]) => {
    const callers = Array.from({ length: CALLERS }, async () => {
      for (; !over.signal.aborted; await sleep(5))
        await one.ask('hello').catch(({ code }: { code: number }) => failures.push(code))
    })
    await Promise.all(callers)
  }
  const lost = { patient: [] as number[], impatient: [] as number[] }
  const all = [
    ...patient.map(async (one) => load(one, lost.patient)),
    ...impatient.map(async (one) => load(one, lost.impatient)),
  ]
  await sleep(1500)

  const connections = async () =>
    (await leaving.sidecar.metric('lastcall_connections_total{side="client"}')) ?? 0
  const before = await connections()
  leaving.sidecar.signal('SIGTERM')
  t.match(await leaving.sidecar.log(PHASE.draining), { why: 'quiet' })
  await leaving.sidecar.log(PHASE.drained)
  const came = (await connections()) - before
  await leaving.app.stop()
  t.equal((await leaving.sidecar.end(10_000)).code, 0, 'nothing was cut')
  over.abort()
  await Promise.all(all)

  t.equal(came, patient.length + impatient.length, 'each of them once')
  t.same(lost.patient, [], 'no call failed that could be tried again')
  // A call that grpc-js has begun, and not sent when it hears of a GOAWAY, it fails by itself: each server's does that.
  const most = 2 * impatient.length * CALLERS
  t.ok(lost.impatient.length <= most, `${lost.impatient.length} lost by two GOAWAYs`)
})
