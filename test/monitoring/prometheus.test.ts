/**
 * The whole of k8s/monitoring with a real Prometheus: three sidecars are scraped through a stop that saves and cuts
 * requests, a false alarm, an operator's drain, a refused hook and an app that is away. Each alert fires and clears, and
 * no other one; each query of the dashboard has data. The rules are those of k8s/monitoring, made with a clock of
 * seconds in place of minutes (`TEST_TIMING`): no expression is another.
 */
import tap, { type Test } from 'tap'
import { rulesFile } from '../../scripts/monitoring/files.ts'
import type { Timing } from '../../scripts/monitoring/rules.ts'
import { withDefaults } from '../fixtures/drain.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { type Prometheus, startPrometheus } from '../fixtures/prometheus.ts'
import { rawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { type ScriptedApp, startScripted } from '../fixtures/scripted.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { queries } from './dashboard.ts'

const EVERY_MS = 500
/** An alert about what is over stays for 6 s instead of 15 minutes. `scrape` is generous, as machines of tests are busy. */
const TEST_TIMING: Timing = { scrape: 2, window: 6, appDown: 0.5, appStart: 60, drained: 6 }
const PATIENCE_MS = 30_000
const TOKEN = { authorization: 'Bearer secret' }

const prometheus = installed('prometheus')
const skip = missing(prometheus, 'prometheus')

/** What fires, and what ever has: looked at all the time, so that no alert is missed. */
class Watch {
  readonly everFired = new Set<string>()
  #firing = new Map<string, string>()
  readonly #server: Prometheus
  #over = false
  readonly #looking: Promise<void>

  constructor(server: Prometheus) {
    this.#server = server
    this.#looking = this.#look()
  }

  /** Resolves with the summary of the alert once it fires for the pod. */
  async fires(alert: string, pod: string): Promise<string> {
    return until(`${alert} of ${pod}`, () => this.#firing.get(`${alert} ${pod}`), PATIENCE_MS)
  }

  async clears(alert: string, pod: string): Promise<void> {
    await until(`the end of ${alert} of ${pod}`, () => !this.#firing.has(`${alert} ${pod}`), PATIENCE_MS)
  }

  async end(): Promise<void> {
    this.#over = true
    await this.#looking
  }

  async #look(): Promise<void> {
    while (!this.#over) {
      const alerts = await this.#server.firing()
      this.#firing = new Map(
        alerts.map(({ labels, annotations }) => [
          `${labels['alertname']} ${labels['pod']}`,
          annotations['summary'] ?? '',
        ]),
      )
      for (const name of this.#firing.keys()) this.everFired.add(name)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Asks again and again on one connection, until lastcall tells it to leave or `stop`. It dials no second time. */
async function keepAsking(t: Test, { listen }: Pick<Sidecar, 'listen'>): Promise<{ stop(): Promise<void> }> {
  const client = await rawClient(t, listen)
  const state = { over: false }
  const asking = (async () => {
    while (!state.over) {
      client.send(requestText('POST', '/post/1', 'x'))
      // A busy machine may be so late that the connection was closed as idle.
      const answer = await client.answer('POST').catch(() => undefined)
      if (answer === undefined || answer.closes) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  return {
    async stop() {
      state.over = true
      await asking
    },
  }
}

interface Pod {
  readonly sidecar: Sidecar
  readonly app: ScriptedApp
}

/** web-a: one of its two ports is away, and comes back. */
async function appIsAway(t: Test, { app }: Pod, watch: Watch): Promise<void> {
  await app.stop()
  t.match(await watch.fires('LastcallAppDown', 'web-a'), /^The app of web-a, port \d+, is down$/)
  await app.start()
  await watch.clears('LastcallAppDown', 'web-a')
}

/** web-b: a stranger without the token, and one who has it. */
async function falseAlarm(t: Test, { sidecar }: Pod, watch: Watch): Promise<void> {
  t.equal((await sidecar.ask('GET', '/prestop/app')).status, 401)
  t.equal(await watch.fires('LastcallHooksRefused', 'web-b'), 'web-b has refused a hook (token)')
  await sidecar.ask('GET', '/prestop/app', TOKEN)
  await watch.fires('LastcallFalseAlarm', 'web-b')
  await watch.clears('LastcallHooksRefused', 'web-b')
  await watch.clears('LastcallFalseAlarm', 'web-b')
}

/** web-b, later: an operator drains it, a client comes late, and nobody resumes for a while. */
async function drained(t: Test, { sidecar }: Pod, watch: Watch): Promise<void> {
  await sidecar.ready()
  await sidecar.ask('POST', '/drain', TOKEN)
  await until('the end of settling', async () => (await sidecar.status())['phase'] !== 'settling')
  const late = await rawClient(t, sidecar.listen)
  late.send(requestText('POST', '/post/late', 'x'))
  t.equal((await late.answer('POST')).status, 200)
  t.match(
    await watch.fires('LastcallSettleTooShort', 'web-b'),
    /^web-b got a new connection .*s after its stop/,
  )
  await watch.fires('LastcallDrainedForLong', 'web-b')
  await sidecar.ask('POST', '/resume', TOKEN)
  await watch.clears('LastcallSettleTooShort', 'web-b')
  await watch.clears('LastcallDrainedForLong', 'web-b')
}

/** web-c: stopped with two requests in flight, of which one never ends; a third arrives. Meanwhile every panel has data. */
async function stopped(t: Test, { app, sidecar }: Pod, watch: Watch, server: Prometheus): Promise<void> {
  const [ends, never, later] = await rawClients(t, sidecar.listen, 3)
  if (ends === undefined || never === undefined || later === undefined) throw new Error('no clients')
  ends.send(requestText('GET', '/gate/ends'))
  never.send(requestText('GET', '/gate/never'))
  for (const gate of ['ends', 'never']) await app.arrived(gate)
  await until('both to be scraped', async () => {
    const [one] = await server.query('sum(lastcall_in_flight{pod="web-c",kind="http1"})')
    return one !== undefined && one.value >= 2
  })
  sidecar.signal('SIGTERM')
  await sidecar.log('phase: serving -> settling')
  later.send(requestText('POST', '/post/later', 'x'))
  t.equal((await later.answer('POST')).status, 200)
  app.release('ends')
  await ends.answer()
  await until('the saved ones', async () => {
    return (await server.query('lastcall_saved_requests_total{pod="web-c"} > 0')).length === 2
  })
  await everyPanel(t, server)
  t.match(await watch.fires('LastcallDeadlineReached', 'web-c'), /with 1 requests in flight$/)
  t.equal((await sidecar.end(PATIENCE_MS)).code, 1)
  await watch.fires('LastcallRequestsCut', 'web-c')
  await watch.clears('LastcallRequestsCut', 'web-c')
  await watch.clears('LastcallDeadlineReached', 'web-c')
}

/** As Grafana asks, with all pods chosen. */
async function everyPanel(t: Test, server: Prometheus): Promise<void> {
  for (const { panel, expr } of queries) {
    const asked = expr
      .replaceAll('$__rate_interval', '10s')
      .replaceAll('$__range', '1m')
      .replaceAll(/\$(?:namespace|pod)/g, '.*')
    const found = await server.query(asked)
    t.ok(found.length > 0 && found.every(({ value }) => !Number.isNaN(value)), `${panel}: ${expr}`)
  }
}

await tap.test('each alert fires and clears, each panel has data', { skip }, async (t) => {
  const apps = [
    await startScripted(t),
    await startScripted(t),
    await startScripted(t),
    await startScripted(t),
  ]
  const [one, other, ofB, ofC] = apps as [ScriptedApp, ScriptedApp, ScriptedApp, ScriptedApp]
  const health = ['--health-interval', '50ms', '--health-failures', '1']
  const short = ['--settle', '500ms', '--quiet', '300ms', '--app-stop', '1s']
  const [a, b, c] = await Promise.all([
    startSidecar(t, {
      ports: [one, other].map(({ address }) => `127.0.0.1:0=${address}`),
      flags: withDefaults(health),
    }),
    startSidecar(t, { app: ofB.address, flags: [...short, '--grace-period', '2500ms', '--token', 'secret'] }),
    startSidecar(t, { app: ofC.address, flags: [...short, '--grace-period', '6s'] }),
  ])
  for (const sidecar of [a, b, c]) await sidecar.ready()
  const server = await startPrometheus(t, prometheus!, {
    targets: [
      { ...a.admin, pod: 'web-a' },
      { ...b.admin, pod: 'web-b' },
      { ...c.admin, pod: 'web-c' },
    ],
    rules: rulesFile(TEST_TIMING),
    everyMs: EVERY_MS,
  })
  await until('three pods that serve', async () => {
    return (await server.query('lastcall_phase{phase="serving"} == 1')).length === 3
  })
  const watch = new Watch(server)
  const asking = await Promise.all([a, b, c].map(async (sidecar) => keepAsking(t, sidecar)))
  const podB = { sidecar: b, app: ofB }
  await Promise.all([
    appIsAway(t, { sidecar: a, app: other }, watch),
    falseAlarm(t, podB, watch).then(async () => drained(t, podB, watch)),
    stopped(t, { sidecar: c, app: ofC }, watch, server),
  ])
  for (const client of asking) await client.stop()
  await watch.end()
  t.same([...watch.everFired].toSorted(), [
    'LastcallAppDown web-a',
    'LastcallDeadlineReached web-c',
    'LastcallDrainedForLong web-b',
    'LastcallFalseAlarm web-b',
    'LastcallHooksRefused web-b',
    'LastcallRequestsCut web-c',
    'LastcallSettleTooShort web-b',
  ])
})
