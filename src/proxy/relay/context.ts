/** What all pairs share: the relay as a pair sees it. */

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
  /**
   * Above this number of held bytes, a client is not read from: MAX_BUFFERED, or 0 while all clients together hold too
   * much.
   */
  readonly maxBuffered: number
  /** How many bytes of each request's target are kept while it is in flight, for the access log and for viewers. */
  readonly targetBytes: number
  /** Brings `terms.now` up to date. */
  tick(): void
  remove(pair: Arrived): void
  /** An error of lastcall's own has ended a pair. */
  fault(error: unknown): void
  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void
}
