/** What probes, load balancers and clients are told in each phase, and when new connections are refused. DESIGN §3, §4. */
import tap, { type Test } from 'tap'
import { endAfterApp, PHASE, refused, serving, verdictOf } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import type { ScriptedApp } from '../fixtures/scripted.ts'
import { accepting, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { startScripted } from '../fixtures/scripted.ts'

const SLOW = ['--settle', '1s', '--quiet', '1s']

interface Seen {
  readonly phase: string
  readonly readyz: number
  readonly livez: number
  readonly startupz: number
  readonly lb: number
  readonly closes: boolean
}

/** What everybody is told now. The request comes by a connection of its own, or by `kept` where those are refused. */
async function look(t: Test, sidecar: Sidecar): Promise<Seen> {
  const code = async (path: string) => (await sidecar.ask('GET', path)).status
  const [readyz, livez, startupz] = [await code('/readyz'), await code('/livez'), await code('/startupz')]
  const { phase } = await sidecar.status()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/lb-health', undefined, 'User-Agent: ELB-HealthChecker/2.0\r\n'))
  const lb = (await client.answer()).status
  const user = await rawClient(t, sidecar.listen)
  user.send(requestText('GET', '/'))
  const { closes } = await user.answer()
  return { phase: String(phase), readyz, livez, startupz, lb, closes }
}

async function work(t: Test, app: ScriptedApp, sidecar: Sidecar) {
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/gate/work'))
  await app.arrived('work')
  return client
}

for (const policy of ['fail', 'keep'] as const) {
  const kept = policy === 'keep' ? 200 : 503
  await tap.test(`readiness-on-drain ${policy}, phase by phase`, async (t) => {
    const { app, sidecar } = await serving(t, [
      ...SLOW,
      '--readiness-on-drain',
      policy,
      '--lb-health-path',
      '/lb-health',
    ])
    await work(t, app, sidecar)
    const alive = { livez: 200, startupz: 200 }
    t.same(await look(t, sidecar), { phase: 'serving', readyz: 200, ...alive, lb: 200, closes: false })

    const called = sidecar.ask('GET', '/prestop/app')
    await sidecar.log(PHASE.settling)
    t.same(await look(t, sidecar), { phase: 'settling', readyz: kept, ...alive, lb: 503, closes: false })
    await sidecar.log(PHASE.lameDuck)
    t.same(await look(t, sidecar), { phase: 'lame-duck', readyz: kept, ...alive, lb: 503, closes: true })
    await sidecar.log(PHASE.draining)
    t.same(
      await look(t, sidecar),
      { phase: 'draining', readyz: 503, ...alive, lb: 503, closes: true },
      'without proof new connections are accepted',
    )
    sidecar.signal('SIGTERM')
    await refused(sidecar)
    t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
    app.release('work')
    await called
    await sidecar.log(PHASE.drained)
    t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
    t.equal((await sidecar.ask('GET', '/livez')).status, 200)
    t.equal(await endAfterApp(app, sidecar), 0)
  })
}

await tap.test('probes do not delay a drain, nor are they what it waits for', async (t) => {
  const { app, sidecar } = await serving(t, [
    '--quiet',
    '700ms',
    '--lame-duck-max',
    '10s',
    '--lb-health-path',
    '/lb-health',
  ])
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.lameDuck)
  const start = performance.now()
  const began = sidecar.log(PHASE.draining)
  let probes = 0
  while (!entered(sidecar, 'draining')) {
    probes += 1
    try {
      const connected = await rawClient(t, sidecar.listen)
      if (probes % 3 === 0) connected.socket.destroy()
      else {
        const agent = probes % 3 === 1 ? 'kube-probe/1.36' : 'GoogleHC/1.0'
        connected.send(
          requestText('GET', probes % 2 === 0 ? '/' : '/lb-health', undefined, `User-Agent: ${agent}\r\n`),
        )
        await connected.answer()
        connected.socket.destroy()
      }
    } catch {
      break // the listener is closed, or this connection was, with the last
    }
  }
  await began
  const tookMs = performance.now() - start
  t.ok(tookMs < 2500, `quiet was seen after ${tookMs} ms, with ${probes} probes`)
  t.ok(probes > 3)
  t.equal(await endAfterApp(app, sidecar), 0)
})

await tap.test('a user who comes all the time keeps the lame duck alive, up to lame-duck-max', async (t) => {
  const { app, sidecar } = await serving(t, ['--quiet', '300ms', '--lame-duck-max', '1s'])
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.lameDuck)
  while (!entered(sidecar, 'draining')) {
    const client = await rawClient(t, sidecar.listen).catch(() => undefined)
    client?.send(requestText('GET', '/'))
    await client?.answer().catch(() => undefined)
  }
  t.match(await sidecar.log(PHASE.draining), { why: 'lame-duck-max' })
  t.equal(await endAfterApp(app, sidecar), 0)
  t.ok(verdictOf(sidecar).phasesMs['lame-duck']! > 900)
})

await tap.test('before the app is healthy: not ready, requests wait for it', async (t) => {
  const app = await startScripted(t)
  await app.stop()
  const sidecar = await startSidecar(t, { app: app.address, flags: ['--lb-health-path', '/lb-health'] })
  await accepting(sidecar.listen)
  t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
  t.equal((await sidecar.ask('GET', '/startupz')).status, 200)
  const lb = await rawClient(t, sidecar.listen)
  lb.send(requestText('GET', '/lb-health'))
  t.equal((await lb.answer()).status, 503)
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/'))
  await app.start()
  t.equal((await client.answer()).status, 200)
  await sidecar.ready()
  lb.send(requestText('GET', '/lb-health?x=1'))
  t.equal((await lb.answer()).status, 200)
})

await tap.test(
  'SIGTERM before the app was ever healthy: nothing to settle, nothing to wait for',
  async (t) => {
    const app = await startScripted(t)
    await app.stop()
    const sidecar = await startSidecar(t, { app: app.address, flags: ['--settle', '5s'] })
    sidecar.signal('SIGTERM')
    t.same(await sidecar.end(3000), { code: 0, signal: null })
  },
)

function entered(sidecar: Sidecar, phase: string): boolean {
  return sidecar.logs.some((line) => line['phase'] === phase)
}
