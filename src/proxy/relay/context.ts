/** What all pairs have in common: the relay, as a pair sees it. */

import type { Address } from '../config/config.ts'
import type { Arrivals, Arrived } from './arrivals.ts'
import type { Counters } from './counters.ts'
import type { Dialer } from './dialer.ts'
import type { InFlight } from './in-flight.ts'
import type { Terms } from '../conversation/link.ts'
import type { Port, PortKit } from '../sockets/port.ts'

export interface Limits {
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly protocol: 'auto' | 'tcp'
}

export interface RelayContext {
  readonly terms: Terms
  readonly limits: Limits
  readonly kit: PortKit
  readonly app: Address
  readonly counters: Counters
  readonly inFlight: InFlight
  readonly arrivals: Arrivals
  readonly dialer: Dialer
  /** A client of which more bytes are held is not read from: MAX_BUFFERED, or 0 while all of them hold too much together. */
  readonly maxBuffered: number
  /** So much of each request's target is kept while it is in flight, for the access log or for those who watch. */
  readonly targetBytes: number
  /** Brings `terms.now` up to date. */
  tick(): void
  remove(pair: Arrived): void
  /** A fault of our own has ended a pair. */
  fault(error: unknown): void
  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void
}
