/**
 * The wall clock jumps in the middle of a drain, an hour forth and two back, as when a machine gets its time anew. The
 * kernel has no namespace for that clock, so it jumps inside the process: what `Date` tells is moved by a signal.
 */
import tap from 'tap'
import { endAfterApp, PHASE, path, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const HOUR_MS = 3_600_000
const JUMPING = `
  const Real = Date, now = Date.now
  let ahead = 0
  globalThis.Date = class extends Real {
    constructor(...parts) { parts.length === 0 ? super(now() + ahead) : super(...parts) }
    static now() { return now() + ahead }
  }
  process.on('SIGUSR2', () => { ahead = ahead > 0 ? -${HOUR_MS} : ${HOUR_MS} })`

/** Makes the clock jump; resolves when the process itself says so. */
async function jump(sidecar: Sidecar): Promise<void> {
  const before = await ahead(sidecar)
  sidecar.signal('SIGUSR2')
  await until('the jump', async () => (await ahead(sidecar)) !== before)
}

/** By how many hours the process thinks it is ahead: `since` is the wall clock, `sinceMs` an age. */
async function ahead(sidecar: Sidecar): Promise<number> {
  const { since, sinceMs } = (await sidecar.status()) as { since: string; sinceMs: number }
  return Math.round((Date.parse(since) + sinceMs - Date.now()) / HOUR_MS)
}

await tap.test('a clock that jumps by hours neither cuts a drain short nor holds it up', async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, {
    app: app.address,
    flags: withDefaults([]),
    nodeFlags: [`--import=data:text/javascript,${encodeURIComponent(JUMPING)}`],
  })
  await sidecar.ready()
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/gate/work'))
  await app.arrived('work')

  const startedAt = performance.now()
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  await jump(sidecar)
  t.equal(await ahead(sidecar), 1)
  await sidecar.log(PHASE.draining)
  await jump(sidecar)
  t.equal(await ahead(sidecar), -1)
  t.equal(await sidecar.phase('draining'), 'draining', 'the request is waited for')
  app.release('work')
  t.equal((await client.answer()).status, 200)
  t.equal(await endAfterApp(app, sidecar), 0)

  t.same(path(sidecar).slice(-6), ['settling', 'lame-duck', 'draining', 'drained', 'exiting', 'exited'])
  const { cut, drainMs } = verdictOf(sidecar)
  t.equal(cut, 0)
  t.ok(drainMs >= 0 && drainMs <= performance.now() - startedAt, `the verdict's ${drainMs} ms are real ones`)
})
