/** The metrics (DESIGN §7): a text that a strict parser takes, and the numbers of Counters set by hand in it. */
import { closeSync, openSync } from 'node:fs'
import { collectDefaultMetrics, Registry } from 'prom-client'
import tap from 'tap'
import { NONE_REFUSED } from '../../src/proxy/admin/refusals.ts'
import { NONE_SAVED } from '../../src/proxy/lifecycle/saved.ts'
import type { DrainFacts, MetricsSource } from '../../src/proxy/metrics/source.ts'
import { createMetrics } from '../../src/proxy/metrics/metrics.ts'
import { Counters } from '../../src/proxy/relay/counters.ts'
import { METHODS, PROTOCOLS, STATUS_CLASSES } from '../../src/words.ts'
import { type Exposition, parseExposition } from '../fixtures/exposition.ts'

const NO_DRAIN: DrainFacts = {
  phaseMs: {},
  cutTotal: 0,
  savedTotal: NONE_SAVED,
  lateMs: 0,
  leftMs: 29_000,
  falseAlarms: 0,
}
const SETTINGS = {
  settle: 3000,
  quiet: 2000,
  'lame-duck-max': 11_000,
  'app-stop': 5000,
  'grace-period': 30_000,
}

type Change = Partial<MetricsSource> & { readonly counters?: Counters; readonly appUp?: () => boolean }

function sourceWith({
  counters = new Counters(),
  appUp = () => true,
  ...change
}: Change = {}): MetricsSource {
  return {
    ports: () => [{ name: '8080', counters, appUp: appUp() }],
    phase: () => 'serving',
    drain: () => NO_DRAIN,
    settings: () => SETTINGS,
    adminRefused: () => NONE_REFUSED,
    sockets: () => 0,
    listeners: () => 2,
    ...change,
  }
}

async function scrape(source: Change = {}): Promise<Exposition> {
  const metrics = createMetrics(sourceWith(source))
  const { contentType, body } = await metrics.scrape()
  if (!contentType.startsWith('text/plain; version=0.0.4')) throw new Error(contentType)
  return parseExposition(body)
}

function finish(
  counters: Counters,
  protocol: string,
  method: string,
  status: string,
  durationMs: number,
): void {
  counters.finished(
    PROTOCOLS.indexOf(protocol as 'http1'),
    METHODS.indexOf(method as 'GET'),
    STATUS_CLASSES.indexOf(status as '2xx'),
    durationMs,
  )
}

void tap.test('every metric of the design is there, with its type and a help text', async (t) => {
  const { families } = await scrape()
  const types = {
    lastcall_phase: 'gauge',
    lastcall_requests_total: 'counter',
    lastcall_request_duration_seconds: 'histogram',
    lastcall_in_flight: 'gauge',
    lastcall_connections: 'gauge',
    lastcall_connections_total: 'counter',
    lastcall_bytes_total: 'counter',
    lastcall_refused_total: 'counter',
    lastcall_pair_ends_total: 'counter',
    lastcall_admin_refused_total: 'counter',
    lastcall_app_up: 'gauge',
    lastcall_drain_seconds: 'gauge',
    lastcall_drain_cut_total: 'counter',
    lastcall_saved_requests_total: 'counter',
    lastcall_drain_late_seconds: 'gauge',
    lastcall_drain_left_seconds: 'gauge',
    lastcall_false_alarms_total: 'counter',
    lastcall_option_seconds: 'gauge',
  }
  const own = [...families].filter(([name]) => name.startsWith('lastcall_'))
  t.same(Object.fromEntries(own.map(([name, { type }]) => [name, type])), types)
  for (const [name, { help }] of own) t.match(help, /^[A-Z0-9].*\.$/, name)
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds',
  ])
    t.ok(families.has(name), name)
})

void tap.test('the phase is one-hot', async (t) => {
  const { series } = await scrape({ phase: () => 'lame-duck' })
  const phases = [...series].filter(([name]) => name.startsWith('lastcall_phase{'))
  t.same(
    phases.filter(([, value]) => value === 1),
    [['lastcall_phase{phase="lame-duck"}', 1]],
  )
  t.ok(phases.length >= 7)
  t.ok(phases.every(([, value]) => value === 0 || value === 1))
})

void tap.test('counters are copied at each scrape, not before', async (t) => {
  const counters = new Counters()
  const metrics = createMetrics(sourceWith({ counters }))
  const read = async () => parseExposition((await metrics.scrape()).body).series
  const GETS = 'lastcall_requests_total{protocol="http1",method="GET",status_class="2xx"}'
  t.equal((await read()).get(GETS), undefined, 'what never happened is left out')
  for (let i = 0; i < 5; i += 1) finish(counters, 'http1', 'GET', '2xx', 3)
  t.equal((await read()).get(GETS), 5)
  t.equal((await read()).get(GETS), 5, 'a scrape does not add')
  finish(counters, 'http1', 'GET', '2xx', 3)
  t.equal((await read()).get(GETS), 6)
})

void tap.test('several ports: a label where it tells something, sums elsewhere', async (t) => {
  const [web, rpc] = [new Counters(), new Counters()]
  finish(web, 'http1', 'GET', '2xx', 3)
  finish(rpc, 'http2', 'POST', '2xx', 3)
  web.inFlight[0] = 2
  Object.assign(web, {
    clients: 1,
    clientsTotal: 2,
    apps: 3,
    appsTotal: 4,
    bytesFromClient: 5,
    bytesFromApp: 6,
  })
  Object.assign(rpc, { clients: 10, clientsTotal: 20, apps: 30, appsTotal: 40, bytesFromClient: 50 })
  web.refusedFor('smuggling')
  rpc.refusedFor('smuggling')
  rpc.pairEnded('client', 'aborted')
  const { series } = await scrape({
    ports: () => [
      { name: '8080', counters: web, appUp: true },
      { name: '9090', counters: rpc, appUp: false },
    ],
  })
  const expected = {
    'lastcall_requests_total{port="8080",protocol="http1",method="GET",status_class="2xx"}': 1,
    'lastcall_requests_total{port="9090",protocol="http2",method="POST",status_class="2xx"}': 1,
    'lastcall_in_flight{port="8080",kind="http1"}': 2,
    'lastcall_in_flight{port="9090",kind="http1"}': 0,
    'lastcall_app_up{port="8080"}': 1,
    'lastcall_app_up{port="9090"}': 0,
    lastcall_request_duration_seconds_count: 2,
    'lastcall_connections{side="client"}': 11,
    'lastcall_connections_total{side="app"}': 44,
    'lastcall_bytes_total{direction="from_client"}': 55,
    'lastcall_bytes_total{direction="from_app"}': 6,
    'lastcall_refused_total{reason="smuggling"}': 2,
    'lastcall_pair_ends_total{who="client",why="aborted"}': 1,
  }
  for (const [name, value] of Object.entries(expected)) t.equal(series.get(name), value, name)
  t.equal(series.get('lastcall_app_up'), undefined)
})

void tap.test('every number lands under its own labels', async (t) => {
  const counters = new Counters()
  finish(counters, 'websocket', 'other', 'none', 1)
  finish(counters, 'http2', 'POST', '5xx', 1)
  PROTOCOLS.forEach((_, index) => (counters.inFlight[index] = index + 1))
  Object.assign(counters, { clients: 11, clientsTotal: 12, apps: 13, appsTotal: 14 })
  Object.assign(counters, { bytesFromClient: 2 ** 52, bytesFromApp: 1e21 })
  counters.refusedFor('smuggling')
  counters.refusedFor('http2')
  counters.pairEnded('client', 'aborted')
  counters.pairEnded('lastcall', 'protocol')
  const { series } = await scrape({
    counters,
    appUp: () => true,
    drain: () => ({
      phaseMs: { settling: 3000, draining: 1250 },
      cutTotal: 2,
      savedTotal: { inFlight: 4, arrived: 9 },
      lateMs: 1700,
      leftMs: 12_500,
      falseAlarms: 3,
    }),
    adminRefused: () => ({ token: 3, address: 2, hooks: 1, 'foreign-page': 4 }),
    sockets: () => 24,
  })
  const expected = {
    'lastcall_requests_total{protocol="websocket",method="other",status_class="none"}': 1,
    'lastcall_requests_total{protocol="http2",method="POST",status_class="5xx"}': 1,
    'lastcall_in_flight{kind="http1"}': 1,
    'lastcall_in_flight{kind="tcp"}': PROTOCOLS.length,
    'lastcall_connections{side="client"}': 11,
    'lastcall_connections_total{side="client"}': 12,
    'lastcall_connections{side="app"}': 13,
    'lastcall_connections_total{side="app"}': 14,
    'lastcall_bytes_total{direction="from_client"}': 2 ** 52,
    'lastcall_bytes_total{direction="from_app"}': 1e21,
    'lastcall_refused_total{reason="smuggling"}': 1,
    'lastcall_refused_total{reason="http2"}': 1,
    'lastcall_refused_total{reason="bad-request"}': 0,
    'lastcall_pair_ends_total{who="client",why="aborted"}': 1,
    'lastcall_pair_ends_total{who="lastcall",why="protocol"}': 1,
    'lastcall_pair_ends_total{who="app",why="aborted"}': 0,
    'lastcall_admin_refused_total{reason="token"}': 3,
    'lastcall_admin_refused_total{reason="address"}': 2,
    'lastcall_admin_refused_total{reason="hooks"}': 1,
    'lastcall_admin_refused_total{reason="foreign-page"}': 4,
    'nodejs_active_handles{type="Socket"}': 24,
    'nodejs_active_handles{type="Server"}': 2,
    nodejs_active_handles_total: 26,
    nodejs_active_resources_total: 26,
    lastcall_app_up: 1,
    'lastcall_drain_seconds{phase="settling"}': 3,
    'lastcall_drain_seconds{phase="lame-duck"}': 0,
    'lastcall_drain_seconds{phase="draining"}': 1.25,
    lastcall_drain_cut_total: 2,
    'lastcall_saved_requests_total{how="in_flight"}': 4,
    'lastcall_saved_requests_total{how="arrived"}': 9,
    lastcall_drain_left_seconds: 12.5,
    lastcall_false_alarms_total: 3,
    'lastcall_option_seconds{option="settle"}': 3,
    'lastcall_option_seconds{option="grace-period"}': 30,
    lastcall_drain_late_seconds: 1.7,
  }
  for (const [name, value] of Object.entries(expected)) t.equal(series.get(name), value, name)
  t.equal([...series].filter(([name]) => name.startsWith('lastcall_requests_total')).length, 2)
})

void tap.test('every series exists before anything has happened', async (t) => {
  const { series } = await scrape({ appUp: () => false })
  for (const name of [
    'lastcall_app_up',
    'lastcall_drain_cut_total',
    'lastcall_drain_late_seconds',
    'lastcall_drain_seconds{phase="drained"}',
    'lastcall_connections{side="client"}',
    'lastcall_in_flight{kind="tunnel"}',
    'lastcall_request_duration_seconds_count',
  ])
    t.equal(series.get(name), 0, name)
})

void tap.test('the histogram is cumulative, in seconds, a bound belonging to its bucket', async (t) => {
  const counters = new Counters()
  for (const ms of [0.4, 1, 2, 2.6, 99, 100_000]) finish(counters, 'http1', 'GET', '2xx', ms)
  const { series } = await scrape({ counters })
  const bucket = (le: string) => series.get(`lastcall_request_duration_seconds_bucket{le="${le}"}`)
  t.same(['0.001', '0.0025', '0.005', '0.05', '0.1', '60', '+Inf'].map(bucket), [2, 3, 4, 4, 5, 5, 6])
  t.equal(series.get('lastcall_request_duration_seconds_count'), 6)
  t.ok(Math.abs(series.get('lastcall_request_duration_seconds_sum')! - 100.105) < 1e-9)
})

void tap.test('two sets of metrics know nothing of each other', async (t) => {
  const one = new Registry()
  const source = sourceWith()
  createMetrics(source, one)
  createMetrics(source)
  t.ok(one.getSingleMetric('lastcall_phase'))
  t.doesNotThrow(() => one.resetMetrics())
})

void tap.test(
  "prom-client's default metrics are all there, under their names, types and help texts",
  async (t) => {
    const register = new Registry()
    collectDefaultMetrics({ register })
    const theirs = parseExposition(await register.metrics()).families
    const ours = (await scrape()).families
    for (const [name, { type, help }] of theirs) t.match(ours.get(name), { type, help }, name)
    t.ok(theirs.size > 20)
  },
)

void tap.test('CPU seconds count from the start of the process', async (t) => {
  const { user, system } = process.cpuUsage()
  const { series } = await scrape()
  t.ok(series.get('process_cpu_user_seconds_total')! >= user / 1e6)
  t.ok(series.get('process_cpu_system_seconds_total')! >= system / 1e6)
  t.ok(series.get('process_cpu_seconds_total')! >= (user + system) / 1e6)
})

void tap.test(
  'no value is NaN or out of this world, in the first scrape and in one right after it',
  async (t) => {
    const metrics = createMetrics(sourceWith())
    for (const scraped of [await metrics.scrape(), await metrics.scrape()]) {
      const lag = [...parseExposition(scraped.body).series].filter(([name]) => name.includes('eventloop_lag'))
      t.equal(lag.length, 8)
      for (const [name, seconds] of lag) t.ok(seconds >= 0 && seconds < 3600, `${name} ${seconds}`)
      t.notMatch(scraped.body, / NaN$/im)
    }
  },
)

void tap.test(
  'a scrape lists neither handles nor resources: with thousands that blocks the loop',
  async (t) => {
    const real = process as unknown as Record<'_getActiveHandles' | 'getActiveResourcesInfo', () => unknown[]>
    const { _getActiveHandles: handles, getActiveResourcesInfo: resources } = real
    let listed = 0
    const counting = (list: () => unknown[]) => () => {
      listed += 1
      return list.call(process)
    }
    real._getActiveHandles = counting(handles)
    real.getActiveResourcesInfo = counting(resources)
    t.teardown(() => Object.assign(real, { _getActiveHandles: handles, getActiveResourcesInfo: resources }))
    await scrape()
    t.equal(listed, 0)
  },
)

void tap.test(
  'open descriptors: what /proc says, and those of sockets that come later',
  { skip: process.platform !== 'linux' && 'there is no /proc' },
  async (t) => {
    const before = (await scrape()).series.get('process_open_fds')!
    const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'))
    t.equal((await scrape()).series.get('process_open_fds')! - before, 20)
    for (const file of files) closeSync(file)
  },
)

void tap.test('the parser of this test refuses what promtool would', async (t) => {
  const bad: Record<string, string> = {
    'a series twice': '# HELP a x\n# TYPE a gauge\na 1\na 2\n',
    'the same labels in another order': '# HELP a x\n# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 2\n',
    'no type': 'a 1\n',
    'no line end': '# HELP a x\n# TYPE a gauge\na 1',
    'no number': '# HELP a x\n# TYPE a gauge\na one\n',
    'a counter that falls below zero': '# HELP a_total x\n# TYPE a_total counter\na_total -1\n',
    'a histogram that is not cumulative':
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    'a count that is not +Inf': '# HELP h x\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
  }
  for (const [what, text] of Object.entries(bad)) t.throws(() => parseExposition(text), what)
})
