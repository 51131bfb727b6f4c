/**
 * The front door: accepts clients, knows all pairs, and does as the lifecycle says. It is told what to do and reports
 * what is; it never asks in which phase it is.
 */

import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../process/clock.ts'
import type { Config } from '../config/config.ts'
import { Arrivals } from './arrivals.ts'
import { BulkBuffers } from '../sockets/bulk.ts'
import { Conversation } from '../conversation/conversation.ts'
import { Counters } from './counters.ts'
import { Dialer } from './dialer.ts'
import { Gates } from '../sockets/gates.ts'
import { MAX_BUFFERED } from '../conversation/pipelined.ts'
import type { RelayContext, Limits } from './context.ts'
import type { Terms } from '../conversation/link.ts'
import type { Handle, Writer } from '../sockets/native.ts'
import { InFlight } from './in-flight.ts'
import type { RequestInFlight } from '../../words.ts'
import { Pair } from './pair.ts'
import { Places, type PlaceLimit } from './places.ts'
import type { Port, PortKit } from '../sockets/port.ts'
import { Slab } from '../sockets/slab.ts'
import { Spread } from './spread.ts'
import { plainTunnel } from '../conversation/tunnel.ts'
import { TurnAway } from './turn-away.ts'

const SWEEP_MS = 250
const SHARED_BUFFER = 32 * 1024
const SHORT_TURN_MS = 0.2
/** How often it is looked whether those who have just dialled have asked. */
const NEWCOMERS_MS = 25

export type RelayConfig = Pick<
  Config,
  | 'listen'
  | 'app'
  | 'protocol'
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
  /** Writes to handles, where the native path has been proven (proof.ts); else only documented APIs are used. */
  readonly native: Writer | undefined
  readonly accessLog: (line: RequestLine) => void
  /** A client was refused, as no connection was idle; or a file descriptor was not to be had. Called for each. */
  readonly lacked: (what: 'room' | 'descriptors') => void
  /** A fault of our own has ended one client's connection, and no other. */
  readonly fault: (error: unknown) => void
  /** Nothing is in flight any more. */
  readonly quiesced: () => void
  /** The last client connection is gone. */
  readonly emptied: () => void
}

export class Relay implements RelayContext {
  readonly counters = new Counters()
  readonly inFlight: InFlight
  readonly terms: Terms
  readonly limits: Limits
  readonly kit: PortKit
  readonly app: Config['app']
  readonly arrivals: Arrivals
  readonly dialer: Dialer
  readonly keepsTargets: boolean
  maxBuffered = MAX_BUFFERED
  readonly #parts: RelayParts
  readonly #gates: Gates
  readonly #pairs = new Set<Pair>()
  readonly #places: Places<Pair>
  readonly #away: TurnAway
  readonly #spread: Spread
  #accepted = 0
  #sweeping: Cancel | undefined

  constructor(parts: RelayParts) {
    const { config, clock } = parts
    this.#parts = parts
    this.inFlight = new InFlight(this.counters.inFlight, parts.quiesced)
    this.app = config.app
    this.limits = config
    this.keepsTargets = config.accessLog !== 'off'
    this.arrivals = new Arrivals(() => this.terms.now)
    this.dialer = new Dialer(clock, config.connectWaitMs, () => this.#lackDescriptors())
    this.#places = new Places(this.#pairs, parts.limit)
    this.#spread = new Spread(clock)
    this.terms = {
      now: clock.now(),
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
      writer: parts.native,
    }
    this.#away = new TurnAway({ kit: this.kit, clock, speaks: config.protocol !== 'tcp' })
    this.#gates = new Gates({
      at: config.listen,
      native: parts.native !== undefined,
      admitSocket: (socket) => this.#admitSocket(socket),
      admitHandle: (handle) => this.#admitHandle(handle),
      acceptFailed: () => this.#acceptFailed(),
    })
  }

  /** What the lifecycle looks at. */
  get facts(): { inFlight: number; lastArrivalAt: number; connections: number } {
    return {
      inFlight: this.inFlight.total,
      lastArrivalAt: this.arrivals.lastAt,
      connections: this.#pairs.size,
    }
  }

  /** What is in flight, for /status. */
  *requests(): Iterable<RequestInFlight> {
    const now = this.#parts.clock.now()
    for (const pair of this.#pairs) yield* pair.requests(now)
  }

  // -- orders of the lifecycle -----------------------------------------------------------------------------------

  /**
   * Opens the listener, at first or after `closeListener`, then on the same port; resolves with it. Rejects with
   * Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL).
   */
  listen(): Promise<number> {
    return this.#gates.open()
  }

  /**
   * Stops listening. What the kernel has accepted for us already is taken first: closing a listener resets the
   * connections in its queue, and their clients were promised an answer. Resolves when the listener is closed.
   */
  async closeListener(): Promise<void> {
    const { clock } = this.#parts
    const until = clock.now() + 250
    let before: number
    let turnedAt: number
    do {
      before = this.#accepted
      // Two turns of the event loop: one poll in between is sure to have seen the queue.
      await turn()
      turnedAt = clock.now()
      await turn()
      // Who comes between that poll and the close is reset all the same: a turn with little else to do leaves no time.
    } while ((this.#accepted !== before || clock.now() - turnedAt > SHORT_TURN_MS) && clock.now() < until)
    this.#gates.close()
  }

  /**
   * How clients are treated from now on. `lameDuck`: each response tells its client to leave, and protocols that have a
   * word for it say so at once; `leaving`: so do those that have no other end, WebSockets one after the other.
   */
  setClientMode(clientMode: 'serving' | 'lame-duck' | 'draining'): void {
    this.terms.lameDuck = clientMode !== 'serving'
    this.terms.draining = clientMode === 'draining'
    if (clientMode !== 'draining') this.#spread.stop()
    if (clientMode === 'serving') return
    this.tick()
    const webSockets: Pair[] = []
    for (const pair of this.#pairs) {
      if (clientMode === 'draining' && pair.isWebSocket) webSockets.push(pair)
      else guarded(pair, () => pair.leave(clientMode))
    }
    this.#spread.start(webSockets, this.#parts.config.websocketSpreadMs, (pair) => {
      this.tick()
      guarded(pair, () => pair.leave('draining'))
    })
  }

  /** There are so many places for clients from now on. */
  limitTo(limit: PlaceLimit): void {
    this.tick()
    this.#places.change(limit, this.terms.now)
  }

  setLbHealthy(on: boolean): void {
    this.terms.lbHealthy = on
  }

  /** Requests wait at the door, or no longer; also those of clients whose app connection is still open. */
  queueRequests(on: boolean): void {
    this.dialer.queue(on)
    if (on) for (const pair of this.#pairs) guarded(pair, () => pair.hangUpApp())
  }

  /**
   * Half-closes the connections on which nothing is in flight. What their clients have sent already is read first, so
   * that a request which is in our kernel is served, not lost; and those who have dialled a moment ago get a moment to
   * ask. Resolves when that has been done; some may then be in flight again.
   */
  async closeIdle(): Promise<void> {
    await turn()
    await turn()
    this.tick()
    // Until clients are no longer to leave: the drain may be taken back meanwhile.
    while (this.terms.draining && this.#closeIdle() > 0) {
      await new Promise<void>((resolve) => {
        this.#parts.clock.after(NEWCOMERS_MS, resolve)
      })
      this.tick()
    }
  }

  /** Returns how many were spared, as they are new. */
  #closeIdle(): number {
    let spared = 0
    for (const pair of this.#pairs) {
      if (pair.isNew) spared += 1
      else guarded(pair, () => pair.closeIfIdle())
    }
    return spared
  }

  /** Ends everything now. Returns how many requests were cut. */
  cut(): number {
    let cut = 0
    for (const pair of this.#pairs) cut += pair.cut()
    return cut
  }

  /** Resolves when the connections that were just ended are closed, and what was cut is in the access log. */
  async closed(): Promise<void> {
    await turn()
    await turn()
  }

  // -- what pairs ask ---------------------------------------------------------------------------------------------

  tick(): void {
    this.terms.now = this.#parts.clock.now()
  }

  leave(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    this.#places.left(pair)
    this.counters.clients -= 1
    if (this.#pairs.size > 0) return
    this.#sweeping?.()
    this.#sweeping = undefined
    this.#parts.emptied()
  }

  fault(error: unknown): void {
    this.#parts.fault(error)
  }

  logRequest(method: string, target: string, status: number, durationMs: number, client: Port): void {
    if (!this.keepsTargets) return
    // 0: the client never got one. -1: nobody can tell (HTTP/2).
    if (this.#parts.config.accessLog === 'errors' && status !== 0 && status < 500) return
    this.#parts.accessLog({ method, target, status, durationMs, client: client.remoteAddress })
  }

  // -- the door ---------------------------------------------------------------------------------------------------

  #admitHandle(handle: Handle): void {
    this.#admit((port) => port.adopt(handle))
  }

  #admitSocket(socket: Socket): void {
    this.#admit((port) => port.wrap(socket))
  }

  #admit(take: (port: Port) => void): void {
    this.#accepted += 1
    this.tick()
    if (!this.#places.forOneMore(this.terms.now)) {
      this.counters.refusedFor('max-connections')
      this.#parts.lacked('room')
      return this.#away.turn(take, this.#places.limit)
    }
    const { client } = this.#newPair()
    take(client)
    // A request may be logged when its client has gone.
    if (this.keepsTargets) client.rememberPeer()
  }

  /** No descriptor for a socket to the app: an idle client's two serve somebody else. */
  #lackDescriptors(): void {
    this.tick()
    this.#places.free(this.terms.now, true)
    this.#parts.lacked('descriptors')
  }

  /** A client could not even be accepted: its connection is closed without a word. */
  #acceptFailed(): void {
    this.counters.refusedFor('descriptors')
    this.#lackDescriptors()
  }

  #newPair(): Pair {
    const { protocol } = this.#parts.config
    const pair = new Pair(this, (link) =>
      protocol === 'tcp' ? plainTunnel(link) : new Conversation(this.terms, link),
    )
    this.#pairs.add(pair)
    this.counters.clients += 1
    this.counters.clientsTotal += 1
    this.arrivals.connection(pair)
    if (this.#sweeping === undefined) this.#sweepLater()
    return pair
  }

  /** Each read that is not sent on may still be held: connection-limit.ts has counted that. */
  #boundBuffered(): void {
    let held = 0
    for (const pair of this.#pairs) held += pair.buffered
    this.maxBuffered = held > this.#places.limit.bufferedBytes ? 0 : MAX_BUFFERED
  }

  #sweepLater(): void {
    this.#sweeping = this.#parts.clock.after(SWEEP_MS, () => {
      this.#sweepLater()
      this.tick()
      this.#boundBuffered()
      for (const pair of this.#pairs) {
        try {
          pair.sweep(this.terms.now)
        } catch (error) {
          pair.fail(error)
        }
      }
    })
  }
}

/** Does something for a pair; a fault of our own in it ends that pair alone. */
function guarded(pair: Pair, act: () => void): void {
  try {
    act()
  } catch (error) {
    pair.fail(error)
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
