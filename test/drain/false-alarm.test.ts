/**
 * Hooks that are not what they seem, with the real program: a stranger's call, an app that ignores SIGTERM, a hook
 * before the app was ever there, proof that comes late. DESIGN §3.
 */
import tap from 'tap'
import { inFlight, PHASE, refused, serving, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { accepting, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

/** A false alarm is over 4 s after the first hook. */
const SHORT = ['--grace-period', '2s', '--app-stop', '500ms', '--settle', '100ms', '--quiet', '100ms']

function warnings(sidecar: Sidecar): string[] {
  return sidecar.logs.flatMap(({ level, msg }) => (level === 'warn' ? [msg] : []))
}

await tap.test(
  "a stranger's GET /prestop/sidecar drains and refuses, and ends nothing: served again on the same port",
  async (t) => {
    const { app, sidecar } = await serving(t, SHORT)
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('GET', '/gate/work'))
    await app.arrived('work')
    t.equal((await sidecar.ask('GET', '/prestop/sidecar')).status, 200, 'answered by the hook deadline')
    await refused(sidecar)
    await sidecar.log(PHASE.serving)
    await sidecar.ready()
    await accepting(sidecar.listen)
    t.equal(client.ended, undefined, 'what was in flight still is')
    app.release('work')
    t.equal((await client.answer()).status, 200)
    const dialled = await rawClient(t, sidecar.listen)
    dialled.send(requestText('POST', '/post/after', 'x'))
    t.match(await dialled.answer('POST'), { status: 200, closes: false })
    t.match(warnings(sidecar), [
      /^false alarm: GET \/prestop\/sidecar from 127\.0\.0\.1: neither a signal nor/,
    ])
    t.match(verdictOf(sidecar), { outcome: 'returned', why: 'false alarm', cut: 0 })

    sidecar.signal('SIGTERM')
    await sidecar.log('phase: settling -> lame-duck')
    await app.stop()
    t.same(await sidecar.end(5000), { code: 0, signal: null }, 'and can still be stopped for good')
  },
)

await tap.test(
  'what a bare hook of the sidecar began can be resumed: the listener opens again',
  async (t) => {
    const { sidecar } = await serving(t)
    t.equal((await sidecar.ask('GET', '/prestop/sidecar')).status, 200)
    await refused(sidecar)
    t.match(await sidecar.ask('POST', '/resume'), { status: 200 })
    await sidecar.ready()
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('POST', '/post/1', 'x'))
    t.match(await client.answer('POST'), { status: 200, closes: false })
    t.same(warnings(sidecar), [])
  },
)

await tap.test(
  'a native sidecar: hooks, then the app ends by its own SIGTERM, then ours comes, or does not',
  async (t) => {
    for (const signal of [true, false]) {
      const { app, sidecar } = await serving(t)
      const hooks = ['/prestop/app', '/prestop/sidecar'].map((path) => sidecar.ask('GET', path))
      for (const hook of hooks) t.equal((await hook).status, 200)
      await app.stop()
      if (signal) sidecar.signal('SIGTERM')
      t.same(await sidecar.end(5000), { code: 0, signal: null })
      t.same(warnings(sidecar), [], 'a clean stop warns of nothing')
      t.equal(sidecar.logs.find(({ msg }) => msg.startsWith('app: down'))?.level, 'info')
    }
  },
)

await tap.test('an app that dies without having been told to is worth a warning', async (t) => {
  const { app, sidecar } = await serving(t, ['--health-interval', '50ms'])
  await app.stop()
  t.equal((await sidecar.log('app: down')).level, 'warn')
})

await tap.test('an app that ignores SIGTERM gets nothing until grace-period + 2 s', async (t) => {
  const { sidecar } = await serving(t, [...SHORT, '--connect-wait', '30s'])
  t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200)
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/held', 'x'))
  await until('it waits', async () => (await inFlight(sidecar)) === 1)
  t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
  const back = await sidecar.log(PHASE.serving)
  t.equal(back['why'], 'false alarm')
  t.match(await client.answer('POST'), { status: 200, body: 'applied held' })
  await sidecar.ready()
  t.match(verdictOf(sidecar), { outcome: 'returned', cut: 0 })
  const { drainMs } = verdictOf(sidecar)
  t.ok(drainMs >= 3990, `not before 4 s: ${drainMs} ms`)
  t.match(warnings(sidecar), [/^false alarm: GET \/prestop\/app from 127\.0\.0\.1/])
})

await tap.test('a hook of an app that was never healthy yet is remembered', async (t) => {
  const app = await startScripted(t)
  const health = await startScripted(t)
  await health.stop()
  const flags = withDefaults(['--health', `http://${health.address}/`])
  const sidecar = await startSidecar(t, { app: app.address, flags })
  t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200)
  await health.start()
  await sidecar.log('app: healthy')
  t.equal((await sidecar.ask('GET', '/readyz')).status, 503, 'it has been told to stop')
  await app.stop()
  await sidecar.log('app: down')
  await app.start()
  await sidecar.log('phase: drained -> serving (app back and healthy)')
  await sidecar.ready()
})

await tap.test('late proof: who waits for an app that has gone gets 503 at once', async (t) => {
  const { app, sidecar } = await serving(t, ['--connect-wait', '60s', '--grace-period', '90s'])
  t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200)
  await app.stop()
  await sidecar.log('app: down')
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/1', 'x'))
  await until('it waits', async () => (await inFlight(sidecar)) === 1)
  sidecar.signal('SIGTERM')
  t.equal((await client.answer('POST')).status, 503)
  t.same(await sidecar.end(10_000), { code: 0, signal: null }, 'nobody waits for the rest of connect-wait')
})

await tap.test('the age of the last late connection stays what it was when the drain ended', async (t) => {
  const { sidecar } = await serving(t)
  const late = () => sidecar.metric('lastcall_drain_late_seconds')
  await sidecar.ask('POST', '/drain')
  await rawClient(t, sidecar.listen)
  await until('the connection was seen', async () => ((await late()) ?? 0) > 0)
  await sidecar.ask('POST', '/resume')
  const before = await late()
  t.ok(before !== undefined && before > 0)
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/1', 'x'))
  t.equal((await client.answer('POST')).status, 200)
  t.equal(await late(), before, 'one that comes in serving is not late')
})
