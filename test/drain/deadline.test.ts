/** The one deadline: what it cuts, what it tells, and that nobody waits longer than needed. DESIGN §3. */
import tap from 'tap'
import { endAfterApp, inFlight, PHASE, serving, verdictOf } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { FIRST_HALF } from '../fixtures/scripted.ts'
import { until } from '../fixtures/until.ts'

/** Timers and processes are late on a busy machine, never early. */
const LATE_MS = 1500

await tap.test('work that is left at the deadline is cut and counted: exit code 1', async (t) => {
  const { app, sidecar } = await serving(t, ['--grace-period', '4s', '--app-stop', '2s'])
  const headless = await rawClient(t, sidecar.listen)
  headless.send(requestText('GET', '/gate/never'))
  const halfway = await rawClient(t, sidecar.listen)
  halfway.send(requestText('GET', '/gate/never/chunks'))
  await app.arrived('never', 2)
  await halfway.until('the first half', () => halfway.text.includes(FIRST_HALF))
  const finishing = await rawClient(t, sidecar.listen)
  finishing.send(requestText('GET', '/gate/soon'))
  await app.arrived('soon')

  const start = performance.now()
  const called = sidecar.ask('GET', '/prestop/app')
  await sidecar.log(PHASE.settling)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  app.release('soon')
  t.equal((await finishing.answer()).status, 200)

  t.equal((await called).status, 200)
  const answeredMs = performance.now() - start
  t.ok(
    answeredMs >= 1990 && answeredMs < 2000 + LATE_MS,
    `the hook is answered at grace-period - app-stop: ${answeredMs}`,
  )
  t.equal(headless.ended, undefined, 'what is left goes on being served')
  t.equal(await inFlight(sidecar), 2)

  t.same(await sidecar.end(5000), { code: 1, signal: null })
  const endedMs = performance.now() - start
  t.ok(endedMs >= 2990 && endedMs < 3000 + LATE_MS, `the end is at grace-period - 1 s: ${endedMs}`)
  t.equal(await headless.end(), 'reset')
  t.equal(headless.text, '')
  t.equal(await halfway.end(), 'reset', 'a cut answer does not look complete')
  const verdict = verdictOf(sidecar)
  t.match(verdict, { outcome: 'exited', why: 'deadline', proof: true, inFlight: 3, finished: 1, cut: 2 })
  t.match(
    verdict.text,
    /^ended by deadline after 3\.\d s \(settle 0\.\d s, lame duck 0\.\d s, draining 2\.\d s\): 3 in flight at the start, 1 finished, 2 cut; saved 1 in flight and 0 that arrived later; no new connection/,
  )
  t.equal(sidecar.logs.find((line) => line['verdict'] !== undefined)?.level, 'warn')
  const cutting = sidecar.logs.find(({ msg }) => msg === 'cutting what is in flight: 2')
  const one = { protocol: 'http1', client: '127.0.0.1', method: 'GET' }
  t.match(cutting, { level: 'warn', requests: [one, one] })
  const [oldest = 0, youngest = 0] = (cutting!['requests'] as { ageMs: number }[]).map(({ ageMs }) => ageMs)
  t.ok(oldest >= youngest && youngest > 2900, 'the oldest first')
})

await tap.test('an app that never stops, and whose hook was never called, is given app-stop', async (t) => {
  const { sidecar } = await serving(t, ['--app-stop', '700ms'])
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.drained)
  const drained = performance.now()
  t.same(await sidecar.end(5000), { code: 0, signal: null })
  const tookMs = performance.now() - drained
  t.ok(tookMs > 500 && tookMs < 700 + LATE_MS, `${tookMs} ms`)
  t.match(verdictOf(sidecar), { cut: 0, why: /.+/ })
})

await tap.test(
  'an app that never stops, but whose hook was called, is given all but the last second',
  async (t) => {
    const { sidecar } = await serving(t, ['--grace-period', '4s', '--app-stop', '500ms'])
    const start = performance.now()
    const called = sidecar.ask('GET', '/prestop/app')
    sidecar.signal('SIGTERM')
    t.equal((await called).status, 200)
    t.ok(performance.now() - start < 500 + LATE_MS, 'nothing was in flight, so nobody waits')
    t.same(await sidecar.end(6000), { code: 0, signal: null }, 'nothing was cut')
    const endedMs = performance.now() - start
    t.ok(endedMs >= 2990 && endedMs < 3000 + LATE_MS, `${endedMs} ms`)
    t.match(verdictOf(sidecar), { cut: 0, why: 'deadline' })
  },
)

await tap.test('times count from the first trigger, whichever it was', async (t) => {
  const { app, sidecar } = await serving(t, ['--grace-period', '4s', '--app-stop', '1s'])
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/gate/never'))
  await app.arrived('never')
  const start = performance.now()
  const called = sidecar.ask('GET', '/prestop/app')
  await sidecar.log(PHASE.draining)
  await until('a second in draining', () => performance.now() - start > 1500)
  sidecar.signal('SIGTERM')
  await called
  t.same(await sidecar.end(5000), { code: 1, signal: null })
  const endedMs = performance.now() - start
  t.ok(endedMs >= 2990 && endedMs < 3000 + LATE_MS, `${endedMs} ms`)
})

await tap.test('an incomplete admin request does not delay the exit beyond the deadline', async (t) => {
  const { app, sidecar } = await serving(t, ['--grace-period', '4s', '--app-stop', '1s'])
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/gate/never'))
  await app.arrived('never')
  const half = await rawClient(t, sidecar.admin)
  half.send('GET /status HTTP/1.1\r\nHost: x\r\nX-Half: ')
  const start = performance.now()
  sidecar.signal('SIGTERM')
  t.same(await sidecar.end(6000), { code: 1, signal: null })
  const endedMs = performance.now() - start
  t.ok(endedMs >= 2990 && endedMs < 4000, `within the grace period: ${endedMs} ms`)
})

await tap.test('clients that do not hang up delay the exit by 2 s at most', async (t) => {
  const { app, sidecar } = await serving(t)
  const stubborn = await rawClient(t, sidecar.listen, true)
  stubborn.send(requestText('POST', '/post/1', 'x'))
  await stubborn.answer('POST')
  sidecar.signal('SIGTERM')
  t.equal(await stubborn.end(), 'fin', 'it is told')
  const start = performance.now()
  t.equal(await endAfterApp(app, sidecar), 0)
  t.ok(performance.now() - start < 2000 + LATE_MS)
})
