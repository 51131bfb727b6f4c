/** The app goes first, dies in the middle, or comes back: what its clients see, and what lastcall makes of it. DESIGN §2, §3. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import tap, { type Test } from 'tap'
import { KINDS } from '../fixtures/clients.ts'
import {
  endAfterApp,
  inFlight,
  path,
  PHASE,
  refused,
  serving,
  verdictOf,
  withDefaults,
} from '../fixtures/drain.ts'
import { type Program, startProgram } from '../fixtures/program.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { FIRST_HALF } from '../fixtures/scripted.ts'
import { accepting, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const MAIN = fileURLToPath(new URL('../fixtures/scripted-main.ts', import.meta.url))

/** The scripted app as a process, on a given port or a free one. */
async function startAppProcess(t: Test, port = 0): Promise<{ app: Program; address: string; port: number }> {
  const app = startProgram(t, { command: process.execPath, args: [MAIN, String(port)] })
  const at = Number((await app.line(/^listening /)).split(' ')[1])
  return { app, address: `127.0.0.1:${at}`, port: at }
}

async function servingProcess(t: Test, flags: readonly string[] = []) {
  const process_ = await startAppProcess(t)
  const sidecar = await startSidecar(t, { app: process_.address, flags: withDefaults(flags) })
  await sidecar.ready()
  return { ...process_, sidecar }
}

for (const how of ['body', 'chunks'] as const) {
  await tap.test(
    `kill -9 of the app within a response (${how}): the client never takes it for complete`,
    async (t) => {
      const { app, sidecar } = await servingProcess(t)
      const gate = `/gate/never/${how}`
      const raw = await rawClient(t, sidecar.listen)
      raw.send(requestText('GET', gate))
      await raw.until('the first half', () => raw.text.includes(FIRST_HALF))
      const others = KINDS.filter(({ skip }) => skip === false)
      const asked = others.map(async ({ start }) => start(t, sidecar.listen)({ method: 'GET', path: gate }))
      const settled = Promise.allSettled(asked)
      await until(
        'all have come',
        () => app.lines.filter((line) => line === 'arrived never').length === 1 + others.length,
      )
      app.signal('SIGKILL')
      t.equal(await raw.end(), 'reset')
      t.notMatch(raw.text, /second|\r\n0\r\n/)
      for (const [i, outcome] of (await settled).entries()) {
        // The app may have been killed between taking the request and the head of its answer: then we answer.
        const { status } = outcome.status === 'fulfilled' ? outcome.value : { status: 'none' }
        t.match(status, /none|50[23]/, others[i]!.name)
      }
      await untilQuiet(t, sidecar)
    },
  )
}

await tap.test('kill -9 of the app before its response: 502 that says whose it is', async (t) => {
  const { app, sidecar } = await servingProcess(t)
  const post = await rawClient(t, sidecar.listen)
  post.send('POST /gate/never HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx')
  await app.line(/^arrived never$/)
  app.signal('SIGKILL')
  const { status, head, closes } = await post.answer('POST')
  t.match({ status, closes }, { status: 502, closes: true })
  t.match(head, /^Proxy-Status: lastcall; error=connection_terminated/m)
  await untilQuiet(t, sidecar)
})

await tap.test(
  'kill -9 of the app while it drains: what it had is lost, and lastcall follows it',
  async (t) => {
    const { app, sidecar } = await servingProcess(t)
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('GET', '/gate/never/chunks'))
    await client.until('the first half', () => client.text.includes(FIRST_HALF))
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    app.signal('SIGKILL')
    t.equal(await client.end(), 'reset')
    t.same(await sidecar.end(5000), { code: 0, signal: null })
    t.match(verdictOf(sidecar), { finished: 0, failed: 1, cut: 0, why: /.+/ })
  },
)

await tap.test(
  'an app that gets SIGTERM together with lastcall: the verdict tells what it failed',
  async (t) => {
    const { app, sidecar } = await servingProcess(t)
    const halfway = await rawClient(t, sidecar.listen)
    halfway.send(requestText('GET', '/gate/never/chunks'))
    await halfway.until('the first half', () => halfway.text.includes(FIRST_HALF))
    const post = await rawClient(t, sidecar.listen)
    post.send('POST /gate/never HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx')
    const probe = await rawClient(t, sidecar.listen)
    probe.send(requestText('GET', '/gate/never/chunks', undefined, 'User-Agent: kube-probe/1.36\r\n'))
    await probe.until('the first half', () => probe.text.includes(FIRST_HALF))
    const leaves = await rawClient(t, sidecar.listen)
    leaves.send(requestText('GET', '/gate/never'))
    await until('all have come', () => app.lines.filter((line) => line === 'arrived never').length === 4)

    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.settling)
    leaves.socket.resetAndDestroy()
    await until('who left is not in flight', async () => (await inFlight(sidecar)) === 3)
    app.signal('SIGKILL')
    t.equal(await halfway.end(), 'reset')
    t.equal((await post.answer('POST')).status, 502)
    t.equal(await probe.end(), 'reset')
    t.same(await sidecar.end(5000), { code: 0, signal: null }, 'lastcall has cut nothing')
    const verdict = verdictOf(sidecar)
    t.match(verdict, { inFlight: 4, finished: 2, failed: 2, cut: 0, saved: { inFlight: 0, arrived: 0 } })
    t.match(
      verdict.text,
      '2 failed because the app ended or broke the connection (its preStop hook /prestop/app was not called)',
    )
    t.equal(sidecar.logs.find((line) => line['verdict'] !== undefined)?.level, 'warn')
  },
)

for (const phase of ['settling', 'lameDuck'] as const) {
  await tap.test(`an app that dies in ${phase} leaves nothing to wait for`, async (t) => {
    const { app, sidecar } = await serving(
      t,
      ['--settle', '3s', '--quiet', '3s'].slice(phase === 'settling' ? 0 : 2),
    )
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE[phase])
    const start = performance.now()
    await app.stop()
    t.same(await sidecar.end(5000), { code: 0, signal: null })
    t.ok(performance.now() - start < 2500, 'the rest of the phases was not waited for')
  })
}

await tap.test('an app that was gone before the signal', async (t) => {
  const { app, sidecar } = await serving(t)
  await app.stop()
  sidecar.signal('SIGTERM')
  t.same(await sidecar.end(5000), { code: 0, signal: null })
})

await tap.test(
  'the app restarts without the pod: requests wait for it, and lastcall returns to service',
  async (t) => {
    const { app, sidecar } = await serving(t)
    const kept = await rawClient(t, sidecar.listen)
    kept.send(requestText('POST', '/post/before', 'x'))
    await kept.answer('POST')
    t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200, 'drained')
    t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
    await accepting(sidecar.listen)

    // One comes before the app has gone, one after: neither may reach the app that is about to die.
    kept.send(requestText('POST', '/post/kept', 'x'))
    await until('it waits', async () => (await inFlight(sidecar)) === 1)
    await app.stop()
    const dialled = await rawClient(t, sidecar.listen)
    dialled.send(requestText('POST', '/post/dialled', 'x'))
    await until('both wait', async () => (await inFlight(sidecar)) === 2)
    t.same(app.journal, ['POST before'])
    await sidecar.log('app: down')
    await app.start()
    t.match(await kept.answer('POST'), { status: 200, body: 'applied kept' })
    t.match(await dialled.answer('POST'), { status: 200, body: 'applied dialled' })
    t.same(app.journal.toSorted(), ['POST before', 'POST dialled', 'POST kept'])

    await sidecar.log(PHASE.serving)
    await until('readiness', async () => (await sidecar.ask('GET', '/readyz')).status === 200)
    t.match(verdictOf(sidecar), { outcome: 'returned', triggers: ['app'], proof: false, cut: 0 })
    const again = await rawClient(t, sidecar.listen)
    again.send(requestText('POST', '/post/after', 'x'))
    t.match(await again.answer('POST'), { status: 200, closes: false })

    // And once more, with the pod this time.
    const called = sidecar.ask('GET', '/prestop/app')
    await until('a second drain', () => path(sidecar).filter((phase) => phase === 'settling').length === 2)
    sidecar.signal('SIGTERM')
    await called
    await app.stop()
    t.same(await sidecar.end(5000), { code: 0, signal: null })
  },
)

await tap.test(
  'the pod stops while its app restarts: clients have settle and lame duck before the listener closes',
  async (t) => {
    let healthy = true
    const health = createServer((_, response) => response.writeHead(healthy ? 200 : 503).end())
    t.teardown(() => void health.close())
    await once(health.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(health.address() as AddressInfo).port}/ready`
    const { app, sidecar } = await serving(t, [
      '--settle',
      '3s',
      '--health',
      url,
      '--health-interval',
      '50ms',
      '--health-failures',
      '1',
    ])
    const hook = sidecar.ask('GET', '/prestop/app')
    await sidecar.log(PHASE.settling)
    healthy = false
    await app.stop()
    await sidecar.log('phase: settling -> drained')
    await sidecar.log('app: down')
    t.equal((await hook).status, 200)
    // It listens again, but is not healthy yet. Only the watch connects to it: a second time when it has told the first.
    const before = app.accepted
    await app.start()
    await until('the watch sees it', () => app.accepted >= before + 2)
    t.same(path(sidecar), ['serving', 'settling', 'drained'])

    sidecar.signal('SIGTERM')
    await sidecar.log('phase: drained -> settling (stop after a restart of the app)')
    const late = await rawClient(t, sidecar.listen)
    late.send(requestText('POST', '/post/late', 'x'))
    t.match(await late.answer('POST'), { status: 200, body: 'applied late', closes: false })
    await sidecar.log(PHASE.lameDuck)
    await accepting(sidecar.listen)
    await refused(sidecar)
    t.equal(await endAfterApp(app, sidecar), 0)
    t.same(path(sidecar).slice(3), ['settling', 'lame-duck', 'draining', 'drained', 'exiting', 'exited'])
    t.match(verdictOf(sidecar), { cut: 0, proof: true, triggers: ['app', 'signal'] })
  },
)

await tap.test(
  'the app stays away: a request waits connect-wait and gets 503 with Retry-After',
  async (t) => {
    const { app, sidecar } = await serving(t, ['--connect-wait', '700ms'])
    t.equal((await sidecar.ask('GET', '/prestop/app')).status, 200)
    await app.stop()
    for (const method of ['GET', 'POST']) {
      const client = await rawClient(t, sidecar.listen)
      const start = performance.now()
      client.send(requestText(method, '/post/1', method === 'POST' ? 'x' : undefined))
      const { status, head, closes } = await client.answer(method)
      const waitedMs = performance.now() - start
      t.match({ status, closes }, { status: 503, closes: true })
      t.match(head, /^Retry-After: \d+$/m)
      t.match(head, /^Proxy-Status: lastcall; error=(?:destination_unavailable|connection_refused)/m)
      t.ok(waitedMs >= 690 && waitedMs < 2500, `after connect-wait: ${waitedMs} ms`)
    }
    await app.start()
    await sidecar.log(PHASE.serving)
    await sidecar.ready()
  },
)

await tap.test('the app crashes without a hook: requests wait for it, the phase stays', async (t) => {
  const { app, sidecar } = await serving(t)
  await app.stop()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/1', 'x'))
  await until('it waits', async () => (await inFlight(sidecar)) === 1)
  await app.start()
  t.match(await client.answer('POST'), { status: 200, body: 'applied 1' })
  t.same(path(sidecar), ['serving'])
})

/** Nothing is in flight any more, and no connection to the app is left. */
async function untilQuiet(t: Test, sidecar: Sidecar): Promise<void> {
  await until('nothing in flight', async () => {
    const { app } = (await sidecar.status())['connections'] as { app: number }
    return app === 0 && (await inFlight(sidecar)) === 0
  })
  t.pass('nothing is left in flight')
}
