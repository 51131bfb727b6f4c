/** What the dashboard shows, as data: its rows and panels, and the queries behind them. */
import { ofProcess, PROCESS_METRICS, series } from './promql.ts'

export interface Query {
  readonly expr: string
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** Shown behind the (i) of the panel. */
  readonly about: string
  readonly kind: 'lines' | 'stacked' | 'number'
  /** Grafana's name of a unit. */
  readonly unit: 'short' | 's' | 'bytes' | 'Bps' | 'reqps' | 'percentunit'
  readonly queries: readonly Query[]
  /** A number that is not 0 is red. */
  readonly bad?: boolean
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const CHOSEN = 'namespace=~"$namespace",pod=~"$pod"'
const of = (name: string, where: Parameters<typeof series>[1] = {}): string => series(name, where, CHOSEN)
/** Over the range of the dashboard; the counters of pods that have gone are in it. */
const inRange = (name: string): string => `increase(${of(name)}[$__range])`
const rate = (name: string): string => `rate(${of(name)}[$__rate_interval])`
const [CPU, MEMORY, HEAP, LAG] = PROCESS_METRICS
const STOPPING = ['settling', 'lame-duck', 'draining', 'drained', 'exiting']

const FLEET: readonly Panel[] = [
  {
    title: 'Saved, in flight',
    about: 'Requests that were in flight when a stop began and were served in full, in this range of time.',
    kind: 'number',
    unit: 'short',
    queries: [
      {
        expr: `sum(increase(${of('lastcall_saved_requests_total', { how: 'in_flight' })}[$__range]))`,
        legend: 'in flight',
      },
    ],
  },
  {
    title: 'Saved, arrived',
    about: 'Requests that arrived after a stop had begun and were served in full, in this range of time.',
    kind: 'number',
    unit: 'short',
    queries: [
      {
        expr: `sum(increase(${of('lastcall_saved_requests_total', { how: 'arrived' })}[$__range]))`,
        legend: 'arrived',
      },
    ],
  },
  {
    title: 'Cut',
    about:
      'Requests that were cut, as far as the counter was scraped. A pod that cuts ends at once: see the alert LastcallRequestsCut.',
    kind: 'number',
    unit: 'short',
    bad: true,
    queries: [{ expr: `sum(${inRange('lastcall_drain_cut_total')})`, legend: 'cut' }],
  },
  {
    title: 'Pods that stop',
    about: 'Pods in a drain at this moment.',
    kind: 'number',
    unit: 'short',
    queries: [{ expr: `sum(${of('lastcall_phase', { phase: STOPPING })})`, legend: 'stopping' }],
  },
  {
    title: 'False alarms',
    about: 'Drains by hooks that turned out not to be stops, in this range of time.',
    kind: 'number',
    unit: 'short',
    bad: true,
    queries: [{ expr: `sum(${inRange('lastcall_false_alarms_total')})`, legend: 'false alarms' }],
  },
  {
    title: 'Phases',
    about: 'Pods by phase. A rollout is a wave of pods that leave serving, one after the other.',
    kind: 'stacked',
    unit: 'short',
    queries: [{ expr: `sum by (phase) (${of('lastcall_phase')})`, legend: '{{phase}}' }],
  },
  {
    title: 'Rollouts',
    about: 'Pods that start, serve and stop.',
    kind: 'lines',
    unit: 'short',
    queries: [
      { expr: `sum(${of('lastcall_phase', { phase: 'starting' })})`, legend: 'starting' },
      { expr: `sum(${of('lastcall_phase', { phase: 'serving' })})`, legend: 'serving' },
      { expr: `sum(${of('lastcall_phase', { phase: STOPPING })})`, legend: 'stopping' },
    ],
  },
  {
    title: 'In flight',
    about: 'What a drain waits for: requests, streams, WebSockets, tunnels and TCP connections.',
    kind: 'stacked',
    unit: 'short',
    queries: [{ expr: `sum by (kind) (${of('lastcall_in_flight')})`, legend: '{{kind}}' }],
  },
  {
    title: 'Saved and cut',
    about: 'Requests that stops would have cost, and those that were cut.',
    kind: 'stacked',
    unit: 'short',
    queries: [
      {
        expr: `sum by (how) (increase(${of('lastcall_saved_requests_total')}[$__rate_interval]))`,
        legend: 'saved: {{how}}',
      },
      { expr: `sum(increase(${of('lastcall_drain_cut_total')}[$__rate_interval]))`, legend: 'cut' },
    ],
  },
  {
    title: 'Length of drains',
    about: 'How long each phase of the current or last drain took, of the slowest pod.',
    kind: 'stacked',
    unit: 's',
    queries: [{ expr: `max by (phase) (${of('lastcall_drain_seconds')})`, legend: '{{phase}}' }],
  },
  {
    title: 'Last connection after the beginning of a drain',
    about: 'The line of `--settle` has to stay above the others.',
    kind: 'lines',
    unit: 's',
    queries: [
      { expr: `max by (namespace, pod) (${of('lastcall_drain_late_seconds')})`, legend: '{{pod}}' },
      { expr: `min(${of('lastcall_option_seconds', { option: 'settle' })})`, legend: '--settle' },
    ],
  },
]

const quantile = (q: number): Query => ({
  expr: `histogram_quantile(${q}, sum by (le) (${rate('lastcall_request_duration_seconds_bucket')}))`,
  legend: `p${q * 100}`,
})

const PODS: readonly Panel[] = [
  {
    title: 'Latency',
    about: "From the first byte of a request to the last byte of its response, the app's time included.",
    kind: 'lines',
    unit: 's',
    queries: [quantile(0.5), quantile(0.9), quantile(0.99)],
  },
  {
    title: 'Requests',
    about: 'By class of the status.',
    kind: 'stacked',
    unit: 'reqps',
    queries: [
      { expr: `sum by (status_class) (${rate('lastcall_requests_total')})`, legend: '{{status_class}}' },
    ],
  },
  {
    title: 'Connections',
    about: 'Open connections to clients and to the app.',
    kind: 'lines',
    unit: 'short',
    queries: [{ expr: `sum by (pod, side) (${of('lastcall_connections')})`, legend: '{{pod}} {{side}}' }],
  },
  {
    title: 'New connections',
    about: 'Accepted from clients and opened to the app, a second.',
    kind: 'lines',
    unit: 'short',
    queries: [{ expr: `sum by (side) (${rate('lastcall_connections_total')})`, legend: '{{side}}' }],
  },
  {
    title: 'Memory',
    about: 'Of the process, and of that the JavaScript heap in use.',
    kind: 'lines',
    unit: 'bytes',
    queries: [
      { expr: ofProcess(MEMORY, CHOSEN), legend: '{{pod}} resident' },
      { expr: ofProcess(HEAP, CHOSEN), legend: '{{pod}} heap' },
    ],
  },
  {
    title: 'CPU',
    about: 'Cores.',
    kind: 'lines',
    unit: 'short',
    queries: [
      {
        expr: `rate(${CPU}{${CHOSEN}}[$__rate_interval]) and on (instance) ${series('lastcall_phase')}`,
        legend: '{{pod}}',
      },
    ],
  },
  {
    title: 'Traffic',
    about: 'Bytes from clients and from the app.',
    kind: 'lines',
    unit: 'Bps',
    queries: [{ expr: `sum by (direction) (${rate('lastcall_bytes_total')})`, legend: '{{direction}}' }],
  },
  {
    title: 'Refused by lastcall',
    about: 'Requests and connections that lastcall answered or closed itself, by reason.',
    kind: 'stacked',
    unit: 'reqps',
    queries: [{ expr: `sum by (reason) (${rate('lastcall_refused_total')})`, legend: '{{reason}}' }],
  },
  {
    title: 'Ends of connections',
    about: 'Who ended client connections, and why. `lastcall fault` is a bug: please report it.',
    kind: 'stacked',
    unit: 'short',
    queries: [{ expr: `sum by (who, why) (${rate('lastcall_pair_ends_total')})`, legend: '{{who}} {{why}}' }],
  },
  {
    title: 'The app is up',
    about: 'The health of the app; of several ports, that of the worst.',
    kind: 'lines',
    unit: 'short',
    queries: [{ expr: `min by (namespace, pod) (${of('lastcall_app_up')})`, legend: '{{pod}}' }],
  },
  {
    title: 'Delay of the event loop',
    about: 'The 99th percentile between two scrapes. A throttled proxy (a CPU limit) delays every request.',
    kind: 'lines',
    unit: 's',
    queries: [{ expr: ofProcess(LAG, CHOSEN), legend: '{{pod}}' }],
  },
]

export const ROWS: readonly Row[] = [
  { title: 'Fleet', panels: FLEET },
  { title: 'Pods', panels: PODS },
]
