/**
 * A client that was sent the app's FIN, and then neither sends nor closes: to lastcall, an app that has closed its
 * connection looks like one that reads on, so the client could stay in flight for ever. DESIGN §3; RFC 9112 §9.6.
 */
import tap, { type Test } from 'tap'
import { inFlight, PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { type RawClient, rawClient } from '../fixtures/raw.ts'
import { type RawApp, startRawApp } from '../fixtures/raw-app.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { Patience } from '../../src/proxy/relay/patience.ts'

async function scene(t: Test, flags: readonly string[]): Promise<{ app: RawApp; sidecar: Sidecar }> {
  const app = await startRawApp(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults(flags) })
  await sidecar.ready()
  return { app, sidecar }
}

/** A client that has sent half of its request when the app answers, and ends its side. */
async function answeredEarly(
  t: Test,
  app: RawApp,
  sidecar: Sidecar,
): Promise<{ client: RawClient; call: RawClient }> {
  const client = await rawClient(t, sidecar.listen, true)
  client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabcde')
  const call = await app.call()
  call.socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  t.match(await client.answer('POST'), { status: 401 })
  t.equal(await client.end(), 'fin')
  t.equal(await inFlight(sidecar), 1, 'the rest of the request may come')
  return { client, call }
}

void tap.test('the rest of a request that was answered early has head-timeout to come', async (t) => {
  const { app, sidecar } = await scene(t, ['--head-timeout', '500ms'])
  const { call } = await answeredEarly(t, app, sidecar)
  await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
  t.equal(await call.end(), 'reset', 'what is cut does not look complete to the app')
})

void tap.test('as long as it comes, however slowly, it reaches the app', async (t) => {
  const { app, sidecar } = await scene(t, ['--head-timeout', '2s'])
  const { client, call } = await answeredEarly(t, app, sidecar)
  for (const byte of 'fghij') {
    await new Promise((resolve) => setTimeout(resolve, 600))
    client.send(byte)
  }
  await call.until('the whole request', () => call.text.endsWith('abcdefghij'))
  t.equal(await call.end(), 'fin')
})

for (const [protocol, flags] of [
  ['http', []],
  ['tcp', ['--protocol', 'tcp']],
] as const) {
  void tap.test(`a drain does not wait for it until the deadline: ${protocol}`, async (t) => {
    const { app, sidecar } = await scene(t, [...flags, '--grace-period', '40s'])
    await answeredEarly(t, app, sidecar)
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.drained)
    await app.stop()
    t.same(await sidecar.end(10_000), { code: 0, signal: null })
    t.match(verdictOf(sidecar), {
      inFlight: 1,
      finished: 1,
      failed: 0,
      cut: 0,
      saved: { inFlight: 0, arrived: 0 },
    })
  })
}

void tap.test(
  'the times: head-timeout for HTTP, idle-timeout for tunnels, at most 5 s while draining',
  async (t) => {
    const limits = { headTimeoutMs: 10_000, idleTimeoutMs: 600_000, protocol: 'auto' } as const
    const terms = { draining: false }
    for (const [http, draining, ms] of [
      [true, false, 10_000],
      [false, false, 600_000],
      [true, true, 5000],
      [false, true, 5000],
    ] as const) {
      const patience = new Patience(limits, terms, 0)
      terms.draining = draining
      t.notOk(patience.isMute(1e9, 0, http), 'nobody has told it anything')
      patience.halfClosed()
      t.notOk(patience.isMute(1000, 7, http))
      t.notOk(patience.isMute(1000 + ms - 1, 7, http))
      t.ok(patience.isMute(1000 + ms, 7, http), `${ms} ms`)
      t.notOk(patience.isMute(1000 + ms, 8, http), 'it has sent more')
      t.notOk(patience.isMute(1000 + 2 * ms - 1, 8, http))
    }
  },
)
