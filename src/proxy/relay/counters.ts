/**
 * What the relay counts: plain numbers that the hot path increments and that are copied into the metrics at scrape
 * time. Knows nothing of prom-client.
 */

import {
  PROTOCOLS,
  METHODS,
  STATUS_CLASSES,
  REFUSALS,
  type Refusal,
  END_WHO,
  type EndWho,
  END_WHY,
  type EndWhy,
} from '../../words.ts'

/** Upper bounds in milliseconds; the exposition divides by 1000. A last bucket, +Inf, is implied. */
export const DURATION_BUCKETS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
] as const

const CELLS = PROTOCOLS.length * METHODS.length * STATUS_CLASSES.length

export class Counters {
  /** Requests by protocol, method and status class: see `requestCell`. */
  readonly requests = new Float64Array(CELLS)
  /** Requests by duration: one cell per bucket, the last for +Inf; not cumulative. */
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
  /** Requests that were served in full during a stop: in flight when it began, or arrived after that. */
  savedInFlight = 0
  savedArrived = 0
  /** Requests that the app did not serve in full: it ended, or broke the connection. */
  failed = 0
  /** By index into REFUSALS. */
  readonly refused = new Float64Array(REFUSALS.length)
  /** By (index into END_WHO) * END_WHY.length + (index into END_WHY). */
  readonly pairEnds = new Float64Array(END_WHO.length * END_WHY.length)

  /** Requests that have finished since the start. */
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

/** The counters of all ports together. With a single port these are its own counters, which stay up to date. */
export function sumOf(ports: readonly Counters[]): Counters {
  const [first] = ports
  if (ports.length === 1 && first !== undefined) return first
  const sum = new Counters()
  for (const port of ports) {
    addTo(sum.requests, port.requests)
    addTo(sum.durations, port.durations)
    addTo(sum.inFlight, port.inFlight)
    addTo(sum.refused, port.refused)
    addTo(sum.pairEnds, port.pairEnds)
    sum.durationSumMs += port.durationSumMs
    sum.clients += port.clients
    sum.clientsTotal += port.clientsTotal
    sum.apps += port.apps
    sum.appsTotal += port.appsTotal
    sum.bytesFromClient += port.bytesFromClient
    sum.bytesFromApp += port.bytesFromApp
    sum.savedInFlight += port.savedInFlight
    sum.savedArrived += port.savedArrived
    sum.failed += port.failed
  }
  return sum
}

function addTo(sum: Float64Array, more: Float64Array): void {
  for (const [index, value] of more.entries()) sum[index]! += value
}

/** The index into `Counters.requests` for one combination of labels. */
export function requestCell(protocol: number, method: number, status: number): number {
  return (protocol * METHODS.length + method) * STATUS_CLASSES.length + status
}
