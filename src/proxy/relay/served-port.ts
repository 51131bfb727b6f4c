/**
 * One port that is served: its listener, the app behind it, the requests that wait for that app, and its counters. It
 * is the context of its pairs. What all ports share, such as limits and the orders of the lifecycle, is in the relay.
 */

import { Http1Conversation } from '../conversation/http1.ts'
import type { Terms } from '../conversation/link.ts'
import { plainTunnel } from '../conversation/tunnel.ts'
import type { Served } from '../config/config.ts'
import type { Clock } from '../process/clock.ts'
import { Gates } from '../sockets/gates.ts'
import type { Port, PortKit } from '../sockets/port.ts'
import type { Arrivals } from './arrivals.ts'
import { Counters } from './counters.ts'
import { Dialer } from './dialer.ts'
import type { Limits, RelayContext } from './context.ts'
import { InFlight, type AllInFlight } from './in-flight.ts'
import { Pair } from './pair.ts'

/** What all ports share: the relay as a port sees it. */
export interface Common {
  readonly terms: Terms
  readonly kit: PortKit
  readonly arrivals: Arrivals
  readonly whole: AllInFlight
  readonly maxBuffered: number
  readonly targetBytes: number
  tick(): void
  /** A client has connected to the port; `take` hands its connection over to a Port. */
  admit(to: ServedPort, take: (port: Port) => void): void
  remove(from: ServedPort, pair: Pair): void
  fault(error: unknown): void
  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void
  /** There was no file descriptor for a connection to the app. */
  lackDescriptors(): void
}

export interface ServedPortParts {
  readonly served: Served
  readonly clock: Clock
  readonly native: boolean
  readonly limits: Omit<Limits, 'protocol'>
  readonly connectWaitMs: number
}

export class ServedPort implements RelayContext {
  readonly counters = new Counters()
  readonly inFlight: InFlight
  readonly terms: Terms
  readonly limits: Limits
  readonly kit: PortKit
  readonly app: Served['app']
  readonly arrivals: Arrivals
  readonly dialer: Dialer
  targetBytes: number
  readonly #common: Common
  readonly #gates: Gates
  #listen: Served['listen']

  constructor(common: Common, parts: ServedPortParts) {
    const { served, clock, native, connectWaitMs } = parts
    this.#common = common
    this.#listen = served.listen
    this.app = served.app
    this.inFlight = new InFlight(this.counters.inFlight, common.whole)
    this.terms = common.terms
    this.kit = common.kit
    this.arrivals = common.arrivals
    this.targetBytes = common.targetBytes
    const { headTimeoutMs, idleTimeoutMs } = parts.limits
    this.limits = { headTimeoutMs, idleTimeoutMs, protocol: served.protocol }
    this.dialer = new Dialer(clock, connectWaitMs, () => common.lackDescriptors())
    this.#gates = new Gates({
      at: served.listen,
      native,
      admitSocket: (socket) => common.admit(this, (port) => port.wrap(socket)),
      admitHandle: (handle) => common.admit(this, (port) => port.adopt(handle)),
      acceptFailed: () => this.#acceptFailed(),
    })
  }

  /** The address that it listens on; if port 0 was configured, with the port that the kernel chose. */
  get listen(): Served['listen'] {
    return this.#listen
  }

  /** Whether this port speaks HTTP. */
  get speaks(): boolean {
    return this.limits.protocol !== 'tcp'
  }

  /** Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  async open(): Promise<void> {
    this.#listen = { ...this.#listen, port: await this.#gates.open() }
  }

  close(): void {
    this.#gates.close()
  }

  newPair(): Pair {
    const { speaks } = this
    const pair = new Pair(this, (link) =>
      speaks ? new Http1Conversation(this.terms, link) : plainTunnel(link),
    )
    this.counters.clients += 1
    this.counters.clientsTotal += 1
    this.arrivals.connection(pair)
    return pair
  }

  // -- what pairs ask ---------------------------------------------------------------------------------------------

  get maxBuffered(): number {
    return this.#common.maxBuffered
  }

  tick(): void {
    this.#common.tick()
  }

  remove(pair: Pair): void {
    this.#common.remove(this, pair)
  }

  fault(error: unknown): void {
    this.#common.fault(error)
  }

  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void {
    this.#common.logRequest(method, target, status, durationMs, client)
  }

  /** A client could not be accepted, so its connection was closed without an answer. */
  #acceptFailed(): void {
    this.counters.refusedFor('descriptors')
    this.#common.lackDescriptors()
  }
}
