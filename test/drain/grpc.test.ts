/**
 * gRPC clients under load while one of two replicas is drained behind a Service that learns of it late: no call fails,
 * whether it began before the drain or after. DESIGN §3, RFC 9113 §6.8.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { Service } from '../../src/rehearsal/endpoints.ts'
import { Random } from '../../src/rehearsal/random.ts'
import { inFlight, PHASE, QUICK, verdictOf } from '../fixtures/drain.ts'
import { GrpcClient, startGrpcApp } from '../fixtures/grpc.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const CLIENTS = 8
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
  const [leaving, staying] = await Promise.all([replica('leaving'), replica('staying')])
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
  const answered = { before: 0, after: 0 }
  let drainedAt = Infinity
  const over = new AbortController()
  const numbers = Array.from({ length: STREAM.count }, (_, n) => n)
  const repeat = async (name: string, call: () => Promise<unknown>, expected: unknown) => {
    while (!over.signal.aborted) {
      const began = performance.now()
      try {
        const got = JSON.stringify(await call())
        if (got !== JSON.stringify(expected)) failures.push(`${name}: ${got}`)
        answered[began < drainedAt ? 'before' : 'after'] += 1
      } catch (error) {
        failures.push(`${name}, begun ${Math.round(began - drainedAt)} ms after the drain: ${String(error)}`)
      }
    }
  }
  const sum = numbers.reduce((a, b) => a + b, 0)
  const load = clients.flatMap((client) => [
    repeat('Ask', async () => (await client.ask('hello')).text, 'hello'),
    repeat('Count', async () => client.count(STREAM.count, STREAM.everyMs), numbers),
    repeat('Echo', async () => client.echo(numbers, STREAM.everyMs), numbers),
    repeat('Add', async () => client.add(numbers, STREAM.everyMs), sum),
  ])
  await until('streams on the replica that leaves', async () => (await inFlight(leaving.sidecar)) >= 6)

  await sleep(1000)
  drainedAt = performance.now()
  leaving.sidecar.signal('SIGTERM')
  service.announce(leaving.endpoint, 'out')
  await leaving.sidecar.log(PHASE.draining)
  t.ok((await inFlight(leaving.sidecar)) > 0, 'streams are in flight when it drains')
  await leaving.sidecar.log(PHASE.drained)
  await leaving.app.stop()
  t.equal((await leaving.sidecar.end(10_000)).code, 0, 'nothing was cut')

  await sleep(1000)
  over.abort()
  await Promise.all(load)
  t.same(failures, [], 'no call failed')
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
