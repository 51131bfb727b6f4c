/**
 * Every metric of lastcall as data: name, type, help, and how its series are read from plain numbers at scrape time.
 * Pure: knows the names (DESIGN §7), not prom-client. Series are always there, even at 0, so that a rate can be taken
 * from the first scrape on; only lastcall_requests_total, with its many combinations, leaves out what never happened.
 */
import { ADMIN_REFUSALS, type AdminRefused } from '../admin/refusals.ts'
import type { Saved } from '../lifecycle/saved.ts'
import { type Phase, PHASES } from '../lifecycle/state.ts'
import { type Counters, DURATION_BUCKETS_MS, requestCell, sumOf } from '../relay/counters.ts'
import { END_WHO, END_WHY, METHODS, PROTOCOLS, REFUSALS, SAVED_HOW, STATUS_CLASSES } from '../../words.ts'

/** Those that a drain takes time in. */
export const DRAIN_PHASES = ['settling', 'lame-duck', 'draining', 'drained'] as const satisfies Phase[]

/** What is known of the drain that runs, or else of the last one. */
export interface DrainFacts {
  /** How long each phase took, or has taken so far; absent or 0 where it was not entered. */
  readonly phaseMs: Readonly<Partial<Record<(typeof DRAIN_PHASES)[number], number>>>
  /** Requests that a deadline cut, since the start of the process. */
  readonly cutTotal: number
  /** Requests that stops would have cost, since the start of the process. */
  readonly savedTotal: Saved
  /** How old the drain was when the last new connection arrived; 0 if none did. */
  readonly lateMs: number
  /** How long a stop still has until what is in flight is cut; the whole of it while there is no stop. */
  readonly leftMs: number
  /** Since the start of the process. */
  readonly falseAlarms: number
}

/** The options that a drain goes by, as the flags are called. */
const DRAIN_OPTIONS = ['settle', 'quiet', 'lame-duck-max', 'app-stop', 'grace-period'] as const
/** In ms. */
export type DrainSettings = Readonly<Record<(typeof DRAIN_OPTIONS)[number], number>>

/** One port that is served. */
export interface PortFacts {
  /** The value of the label `port`. */
  readonly name: string
  readonly counters: Counters
  readonly appUp: boolean
}

export interface MetricsSource {
  /** Each port, at least one; the label `port` is there only where there are several, and only where it tells something. */
  ports(): readonly PortFacts[]
  phase(): Phase
  drain(): DrainFacts
  settings(): DrainSettings
  /** Calls of the admin port that were turned away. */
  adminRefused(): Readonly<AdminRefused>
  /** Open sockets, those of the admin port among them; and the listeners. */
  sockets(): number
  listeners(): number
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Of a histogram's series. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

export interface CatalogEntry {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly read: (source: MetricsSource) => Sample[]
}

export const CATALOG: readonly CatalogEntry[] = [
  {
    name: 'lastcall_phase',
    type: 'gauge',
    help: 'The phase of the lifecycle: 1 for the current one, 0 for the others.',
    read: (source) => each('phase', PHASES, (phase) => Number(phase === source.phase())),
  },
  {
    name: 'lastcall_requests_total',
    type: 'counter',
    help:
      'Requests that ended, by class of the final status; none: the request ended without one. lastcall does not ' +
      'decompress HTTP/2 headers: methods other than GET and POST count as other, and uncommon statuses as none.',
    read: (source) => byPort(source, ({ counters }) => requests(counters)),
  },
  {
    name: 'lastcall_request_duration_seconds',
    type: 'histogram',
    help: 'From the first byte of a request to the last byte of its response.',
    read: (source) => durations(inAll(source)),
  },
  {
    name: 'lastcall_in_flight',
    type: 'gauge',
    help: 'Requests, tunnels and streams in flight, which a drain waits for.',
    read: (source) =>
      byPort(source, ({ counters }) => each('kind', PROTOCOLS, (_, index) => counters.inFlight[index]!)),
  },
  {
    name: 'lastcall_connections',
    type: 'gauge',
    help: 'Open connections, to clients and to the app.',
    read(source) {
      const counters = inAll(source)
      return [
        { labels: { side: 'client' }, value: counters.clients },
        { labels: { side: 'app' }, value: counters.apps },
      ]
    },
  },
  {
    name: 'lastcall_connections_total',
    type: 'counter',
    help: 'Connections accepted from clients, and opened to the app.',
    read(source) {
      const counters = inAll(source)
      return [
        { labels: { side: 'client' }, value: counters.clientsTotal },
        { labels: { side: 'app' }, value: counters.appsTotal },
      ]
    },
  },
  {
    name: 'lastcall_bytes_total',
    type: 'counter',
    help: 'Bytes read from clients and from the app.',
    read(source) {
      const counters = inAll(source)
      return [
        { labels: { direction: 'from_client' }, value: counters.bytesFromClient },
        { labels: { direction: 'from_app' }, value: counters.bytesFromApp },
      ]
    },
  },
  {
    name: 'lastcall_refused_total',
    type: 'counter',
    help: 'Requests and connections that lastcall refused or closed itself, by reason.',
    read(source) {
      const { refused } = inAll(source)
      return each('reason', REFUSALS, (_, index) => refused[index]!)
    },
  },
  {
    name: 'lastcall_pair_ends_total',
    type: 'counter',
    help: 'Client connections that ended, by who ended them and why.',
    read: (source) => pairEnds(inAll(source)),
  },
  {
    name: 'lastcall_admin_refused_total',
    type: 'counter',
    help:
      'Refused calls of hooks, /drain and /resume: the token was missing or wrong, the address is not in --hook-allow, ' +
      'too many hooks were waiting, or a foreign web page sent it.',
    read: (source) => {
      const refused = source.adminRefused()
      return each('reason', ADMIN_REFUSALS, (reason) => refused[reason])
    },
  },
  {
    name: 'lastcall_app_up',
    type: 'gauge',
    help: '1 while the app is healthy.',
    read: (source) => byPort(source, ({ appUp }) => [{ labels: {}, value: Number(appUp) }]),
  },
  {
    name: 'lastcall_drain_seconds',
    type: 'gauge',
    help: 'Duration of each phase of the current drain, or of the last one.',
    read: (source) => {
      const { phaseMs } = source.drain()
      return each('phase', DRAIN_PHASES, (phase) => (phaseMs[phase] ?? 0) / 1000)
    },
  },
  {
    name: 'lastcall_drain_cut_total',
    type: 'counter',
    help: 'Requests in flight that lastcall cut at the deadline.',
    read: (source) => [{ labels: {}, value: source.drain().cutTotal }],
  },
  {
    name: 'lastcall_saved_requests_total',
    type: 'counter',
    help:
      'Requests that were served in full while the pod or its app was being stopped: in flight when the stop began, or ' +
      'arrived after that.',
    read: (source) => {
      const { inFlight, arrived } = source.drain().savedTotal
      return each('how', SAVED_HOW, (how) => (how === 'in_flight' ? inFlight : arrived))
    },
  },
  {
    name: 'lastcall_drain_late_seconds',
    type: 'gauge',
    help: 'Age of the drain when the last new connection arrived; --settle should be longer.',
    read: (source) => [{ labels: {}, value: source.drain().lateMs / 1000 }],
  },
  {
    name: 'lastcall_drain_left_seconds',
    type: 'gauge',
    help: 'Time until the deadline of the current stop cuts what is in flight; the whole of it while there is no stop.',
    read: (source) => [{ labels: {}, value: source.drain().leftMs / 1000 }],
  },
  {
    name: 'lastcall_false_alarms_total',
    type: 'counter',
    help: "Drains by hooks that neither a signal nor the app's end followed, and that lastcall undid.",
    read: (source) => [{ labels: {}, value: source.drain().falseAlarms }],
  },
  {
    name: 'lastcall_option_seconds',
    type: 'gauge',
    help: 'The durations that a drain goes by, as configured.',
    read: (source) => {
      const settings = source.settings()
      return each('option', DRAIN_OPTIONS, (option) => settings[option] / 1000)
    },
  },
]

/** What all ports have counted together. */
function inAll(source: MetricsSource): Counters {
  return sumOf(source.ports().map(({ counters }) => counters))
}

/** The samples of each port, with its name where there are several. */
function byPort(source: MetricsSource, read: (port: PortFacts) => Sample[]): Sample[] {
  const ports = source.ports()
  if (ports.length === 1) return read(ports[0]!)
  return ports.flatMap((port) =>
    read(port).map(({ labels, value }) => ({ labels: { port: port.name, ...labels }, value })),
  )
}

function each<Value extends string>(
  label: string,
  values: readonly Value[],
  read: (value: Value, index: number) => number,
): Sample[] {
  return values.map((value, index) => ({ labels: { [label]: value }, value: read(value, index) }))
}

function requests(counters: Counters): Sample[] {
  return PROTOCOLS.flatMap((protocol, p) =>
    METHODS.flatMap((method, m) =>
      STATUS_CLASSES.map((statusClass, s) => ({
        labels: { protocol, method, status_class: statusClass },
        value: counters.requests[requestCell(p, m, s)]!,
      })),
    ),
  ).filter(({ value }) => value > 0)
}

/** The relay counts each request in one bucket; the exposition wants each bucket to hold the smaller ones too. */
function durations(counters: Counters): Sample[] {
  let count = 0
  const buckets = Array.from(counters.durations, (value, index): Sample => {
    count += value
    const bound = DURATION_BUCKETS_MS[index]
    const le = bound === undefined ? '+Inf' : String(bound / 1000)
    return { suffix: '_bucket', labels: { le }, value: count }
  })
  return [
    ...buckets,
    { suffix: '_sum', labels: {}, value: counters.durationSumMs / 1000 },
    { suffix: '_count', labels: {}, value: count },
  ]
}

function pairEnds(counters: Counters): Sample[] {
  return END_WHO.flatMap((who, row) =>
    END_WHY.map((why, column) => ({
      labels: { who, why },
      value: counters.pairEnds[row * END_WHY.length + column]!,
    })),
  )
}
