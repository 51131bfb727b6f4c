/**
 * All ports that are served. Carries out the orders of the lifecycle and reports facts to it; it never asks which phase
 * it is. The client connections themselves are in clients.ts.
 *
 * Long, because there is one short method for each order and each question.
 */

import type { Clock } from '../process/clock.ts'
import type { Config, ListenAddress } from '../config/config.ts'
import { Arrivals } from './arrivals.ts'
import { BulkBuffers } from '../sockets/bulk.ts'
import { Burst } from '../sockets/burst.ts'
import { Clients } from './clients.ts'
import { type Counters, sumOf } from './counters.ts'
import type { Terms } from '../conversation/link.ts'
import type { Writer } from '../sockets/native.ts'
import { AllInFlight } from './in-flight.ts'
import type { RequestInFlight } from '../../words.ts'
import type { Pair } from './pair.ts'
import type { PlaceLimit } from './places.ts'
import type { Port, PortKit } from '../sockets/port.ts'
import { type Common, ServedPort } from './served-port.ts'
import { Slab } from '../sockets/slab.ts'

const SHARED_BUFFER = 32 * 1024
const SHORT_TURN_MS = 0.2
/**
 * More than /status shows of a target, but bounded: a head may have 32 KiB on each connection, and a viewer must not
 * make lastcall keep all of that.
 */
const SHOWN_TARGET_BYTES = 256
export type RelayConfig = Pick<
  Config,
  | 'ports'
  | 'websocketSpreadMs'
  | 'forwardedFor'
  | 'connectWaitMs'
  | 'headTimeoutMs'
  | 'idleTimeoutMs'
  | 'maxHeadBytes'
  | 'lbHealthPath'
  | 'accessLog'
>

export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly status: number
  readonly durationMs: number
  readonly client: string
}

export interface RelayParts {
  readonly config: RelayConfig
  readonly clock: Clock
  readonly limit: PlaceLimit
  /** Writes to handles if the native path has been proven (proof.ts); otherwise only documented APIs are used. */
  readonly native: Writer | undefined
  readonly accessLog: (line: RequestLine) => void
  /** A client was turned away because no connection was idle, or there was no file descriptor. Called for each. */
  readonly lacked: (what: 'room' | 'descriptors') => void
  /** An error of lastcall's own has ended one client's connection, and no other. */
  readonly fault: (error: unknown) => void
  /** Nothing is in flight any more. */
  readonly quiesced: () => void
  /** The last client connection is gone. */
  readonly emptied: () => void
}

export class Relay implements Common {
  /** In configured order. */
  readonly ports: readonly ServedPort[]
  readonly whole: AllInFlight
  readonly terms: Terms
  readonly kit: PortKit
  readonly arrivals: Arrivals
  readonly targetBytes: number
  readonly #parts: RelayParts
  readonly #clients: Clients

  constructor(parts: RelayParts) {
    const { config, clock, native } = parts
    this.#parts = parts
    this.whole = new AllInFlight(parts.quiesced)
    this.targetBytes = config.accessLog === 'off' ? 0 : Infinity
    this.arrivals = new Arrivals(() => this.terms.now)
    this.terms = {
      now: clock.now(),
      stopAt: Infinity,
      lameDuck: false,
      draining: false,
      lbHealthy: false,
      maxHeadBytes: config.maxHeadBytes,
      forwardedFor: config.forwardedFor === 'append',
      lbHealthPath:
        config.lbHealthPath === undefined ? undefined : Buffer.from(config.lbHealthPath, 'latin1'),
    }
    this.kit = {
      slab: new Slab(),
      shared: Buffer.allocUnsafeSlow(SHARED_BUFFER),
      bulk: new BulkBuffers(),
      burst: new Burst(),
      writer: native,
    }
    this.#clients = new Clients({
      terms: this.terms,
      kit: this.kit,
      clock,
      limit: parts.limit,
      websocketSpreadMs: config.websocketSpreadMs,
      keepsAddresses: this.targetBytes > 0,
      tick: () => this.tick(),
      lacked: parts.lacked,
      emptied: parts.emptied,
    })
    const { connectWaitMs } = config
    this.ports = config.ports.map(
      (served) =>
        new ServedPort(this, { served, clock, native: native !== undefined, limits: config, connectWaitMs }),
    )
  }

  /** The sum over all ports. */
  get counters(): Counters {
    return sumOf(this.ports.map(({ counters }) => counters))
  }

  /** What the lifecycle asks for at each event. */
  get facts(): { inFlight: number; lastArrivalAt: number; connections: number } {
    return {
      inFlight: this.whole.total,
      lastArrivalAt: this.arrivals.lastAt,
      connections: this.#clients.size,
    }
  }

  /** Requests served in full during stops, since the start of the process. */
  get saved(): { inFlight: number; arrived: number } {
    const { savedInFlight, savedArrived } = this.counters
    return { inFlight: savedInFlight, arrived: savedArrived }
  }

  /** Requests in flight, with their ages at `now`, for /status. */
  requests(now: number): Iterable<RequestInFlight> {
    return this.#clients.requests(now)
  }

  /** While somebody watches, requests that begin are shown with their targets. */
  watched(on: boolean): void {
    for (const port of this.ports) port.targetBytes = Math.max(this.targetBytes, on ? SHOWN_TARGET_BYTES : 0)
  }

  // -- orders of the lifecycle -----------------------------------------------------------------------------------

  /**
   * Opens all listeners or none, also again after `closeListeners`, then on the same ports. Resolves with the
   * addresses. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL), which names the port.
   */
  async listen(): Promise<readonly ListenAddress[]> {
    const opened = await Promise.allSettled(this.ports.map((port) => port.open()))
    const failed = opened.find((one) => one.status === 'rejected')
    if (failed === undefined) return this.ports.map((port) => port.listen)
    for (const port of this.ports) port.close()
    throw failed.reason
  }

  /**
   * Stops listening. First accepts what the kernel has queued: closing a listener resets queued connections, whose
   * clients believe that they are connected. Resolves with true when all listeners are closed; or with false, and all of
   * them open, if the close is not `wanted` any more by then: that takes up to 250 ms on a busy machine.
   */
  async closeListeners(wanted: () => boolean = () => true): Promise<boolean> {
    const { clock } = this.#parts
    const until = clock.now() + 250
    let before: number
    let turnedAt: number
    do {
      before = this.#clients.accepted
      // Two turns of the event loop, because one poll in between is sure to have seen the queue.
      await turn()
      turnedAt = clock.now()
      await turn()
      // A client that arrives between that poll and the close is still reset; a short turn leaves little time for that.
    } while (
      (this.#clients.accepted !== before || clock.now() - turnedAt > SHORT_TURN_MS) &&
      clock.now() < until
    )
    if (!wanted()) return false
    for (const port of this.ports) port.close()
    return true
  }

  /**
   * How clients are treated from now on. `lame-duck`: each response tells its client to leave, and protocols that have
   * a message for it send it at once. `draining`: so do protocols without an end of their own, WebSockets one after the
   * other.
   */
  setClientMode(clientMode: 'serving' | 'lame-duck' | 'draining'): void {
    this.terms.lameDuck = clientMode !== 'serving'
    this.terms.draining = clientMode === 'draining'
    if (clientMode !== 'draining') this.#clients.stopTelling()
    if (clientMode !== 'serving') this.#clients.tellToLeave(clientMode)
  }

  /** Changes how many clients may connect. */
  limitTo(limit: PlaceLimit): void {
    this.#clients.limitTo(limit)
  }

  /** A stop began at this time; undefined: there is none. Requests served during a stop are counted as saved. */
  setStop(at: number | undefined): void {
    this.terms.stopAt = at ?? Infinity
  }

  setLbHealthy(on: boolean): void {
    this.terms.lbHealthy = on
  }

  /**
   * While on, requests wait before they reach the app, including those of clients that still have an app connection.
   */
  queueRequests(on: boolean): void {
    for (const port of this.ports) port.dialer.queue(on)
    if (on) this.#clients.hangUpApps()
  }

  /** `on`: the app has ended for good, so nobody waits for it. */
  appLost(on: boolean): void {
    for (const port of this.ports) port.dialer.lost(on)
  }

  /**
   * Half-closes the connections on which nothing is in flight. What their clients have already sent is read first, so
   * that a request in this host's kernel is served and not lost; new clients get a moment to send one. Resolves when
   * the FINs have been sent; by then, some requests may be in flight again.
   */
  async closeIdle(): Promise<void> {
    await turn()
    await turn()
    await this.#clients.closeIdle()
    // libuv sends a FIN in its next turn. Until then a request may still arrive in vain, so neither the log nor a hook's
    // answer may say that this is done.
    await turn()
  }

  /** Ends everything now. Returns how many requests were cut. */
  cut(): number {
    return this.#clients.cut()
  }

  /** Resolves when the connections that were just ended are closed and the cut requests are in the access log. */
  async closed(): Promise<void> {
    await turn()
    await turn()
  }

  // -- what ports ask ---------------------------------------------------------------------------------------------

  tick(): void {
    this.terms.now = this.#parts.clock.now()
  }

  get maxBuffered(): number {
    return this.#clients.maxBuffered
  }

  admit(to: ServedPort, take: (port: Port) => void): void {
    this.#clients.admit(to, take)
  }

  remove(from: ServedPort, pair: Pair): void {
    this.#clients.remove(from, pair)
  }

  lackDescriptors(): void {
    this.#clients.lackDescriptors()
  }

  fault(error: unknown): void {
    this.#parts.fault(error)
  }

  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void {
    if (this.targetBytes === 0) return
    // 0: the client got no status. -1: unknown (HTTP/2).
    if (this.#parts.config.accessLog === 'errors' && status !== 0 && status < 500) return
    this.#parts.accessLog({ method, target, status, durationMs, client: client.remoteAddress })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
