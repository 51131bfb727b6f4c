/**
 * Every metric of lastcall as data: name, type, help, and how its samples are read at scrape time. Pure: knows the names
 * (DESIGN §7), not prom-client. Every series is always there, even at 0, so that a rate can be taken from the first
 * scrape on; only lastcall_requests_total, with its many combinations of labels, leaves out those that never occurred.
 */
import { ADMIN_REFUSALS } from '../admin/refusals.ts'
import { PHASES } from '../lifecycle/state.ts'
import { PROTOCOLS, REFUSALS, SAVED_HOW } from '../../words.ts'
import { byPort, durations, each, inAll, pairEnds, requests, type Sample } from './samples.ts'
import { DRAIN_OPTIONS, DRAIN_PHASES, type MetricsSource } from './source.ts'

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
    help: 'Time until the deadline of the current stop cuts what is in flight; the full time if there is no stop.',
    read: (source) => [{ labels: {}, value: source.drain().leftMs / 1000 }],
  },
  {
    name: 'lastcall_false_alarms_total',
    type: 'counter',
    help: 'Drains started by hooks that lastcall undid because neither a signal nor the end of the app followed.',
    read: (source) => [{ labels: {}, value: source.drain().falseAlarms }],
  },
  {
    name: 'lastcall_option_seconds',
    type: 'gauge',
    help: 'The configured durations that determine a drain.',
    read: (source) => {
      const settings = source.settings()
      return each('option', DRAIN_OPTIONS, (option) => settings[option] / 1000)
    },
  },
]
