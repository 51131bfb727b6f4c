/**
 * What the relay counts: plain numbers, bumped in the hot path and copied into the metrics only when somebody
 * scrapes them. Knows nothing of prom-client.
 */

export const PROTOCOLS = ['http1', 'http2', 'websocket', 'tunnel', 'opaque', 'tcp'] as const
/** What a request in flight is being carried as; also the `kind` label of lastcall_in_flight. */
export type Protocol = (typeof PROTOCOLS)[number]

/** The methods that get a label of their own; the rest share `other`, so that clients cannot grow the metrics. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const

/** Upper bounds in milliseconds; the exposition divides by 1000. The last, implicit one is +Inf. */
export const DURATION_BUCKETS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
] as const

/** Why the front door said no. Each is a label of lastcall_refused_total. */
export const REFUSALS = [
  'bad-request',
  'smuggling',
  'method',
  'version',
  'head-too-large',
  'target-too-long',
  'body-too-large',
  'head-timeout',
  'max-connections',
  'app-unavailable',
  'app-timeout',
  'app-failed',
  'descriptors',
  'draining',
  'http2',
  'rapid-reset',
  'continuation-flood',
  'ping-flood',
  'settings-flood',
  'priority-flood',
  'window-update-flood',
  'goaway-flood',
  'empty-frames',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** Whose doing the end of a pair was, and what happened. */
export const END_WHO = ['client', 'app', 'lastcall'] as const
export type EndWho = (typeof END_WHO)[number]
export const END_WHY = [
  'closed',
  'aborted',
  'reset',
  'timeout',
  'refused',
  'drained',
  'cut',
  'limit',
  'protocol',
  'fault',
] as const
export type EndWhy = (typeof END_WHY)[number]

const CELLS = PROTOCOLS.length * METHODS.length * STATUS_CLASSES.length

export class Counters {
  /** Requests by protocol, method and status class: see `requestCell`. */
  readonly requests = new Float64Array(CELLS)
  /** Requests by duration: one cell a bucket, the last for +Inf; not cumulative. */
  readonly durations = new Float64Array(DURATION_BUCKETS_MS.length + 1)
  durationSumMs = 0
  /** By index into PROTOCOLS. */
  readonly inFlight = new Float64Array(PROTOCOLS.length)
  clients = 0
  clientsTotal = 0
  apps = 0
  appsTotal = 0
  bytesFromClient = 0
  bytesFromApp = 0
  /** By index into REFUSALS. */
  readonly refused = new Float64Array(REFUSALS.length)
  /** By index into END_WHO times END_WHY.length plus index into END_WHY. */
  readonly pairEnds = new Float64Array(END_WHO.length * END_WHY.length)

  /** Requests that ever finished. */
  get finishedTotal(): number {
    return this.durations.reduce((sum, count) => sum + count, 0)
  }

  /** Counts a finished request. `method` and `status` are indexes into METHODS and STATUS_CLASSES. */
  finished(protocol: number, method: number, status: number, durationMs: number): void {
    this.requests[requestCell(protocol, method, status)]! += 1
    let bucket = 0
    while (bucket < DURATION_BUCKETS_MS.length && durationMs > DURATION_BUCKETS_MS[bucket]!) bucket += 1
    this.durations[bucket]! += 1
    this.durationSumMs += durationMs
  }

  refusedFor(reason: Refusal): void {
    this.refused[REFUSALS.indexOf(reason)]! += 1
  }

  pairEnded(who: EndWho, why: EndWhy): void {
    this.pairEnds[END_WHO.indexOf(who) * END_WHY.length + END_WHY.indexOf(why)]! += 1
  }
}

/** Where `Counters.requests` keeps one combination of labels. */
export function requestCell(protocol: number, method: number, status: number): number {
  return (protocol * METHODS.length + method) * STATUS_CLASSES.length + status
}
