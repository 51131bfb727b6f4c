/**
 * All client connections of all ports: who gets a place, who is turned away, who is told to leave, and the sweep that
 * ends what has taken too long. An error in one pair ends that pair and no other.
 */

import { MAX_BUFFERED } from '../conversation/pipelined.ts'
import type { Terms } from '../conversation/link.ts'
import type { Cancel, Clock } from '../process/clock.ts'
import type { Port, PortKit } from '../sockets/port.ts'
import type { RequestInFlight } from '../../words.ts'
import type { Pair } from './pair.ts'
import { Places, type PlaceLimit } from './places.ts'
import type { ServedPort } from './served-port.ts'
import { Spread } from './spread.ts'
import { TurnAway } from './turn-away.ts'

const SWEEP_MS = 250
/** How often `closeIdle` looks again at clients that have only just connected. */
const NEWCOMERS_MS = 25

export interface ClientsParts {
  readonly terms: Terms
  readonly kit: PortKit
  readonly clock: Clock
  readonly limit: PlaceLimit
  readonly websocketSpreadMs: number
  /** Requests may be logged after their client has gone, so its address has to outlast the connection. */
  readonly keepsAddresses: boolean
  /** Brings `terms.now` up to date. */
  readonly tick: () => void
  /** There was no place for a client, or no file descriptor. Called for each. */
  readonly lacked: (what: 'room' | 'descriptors') => void
  /** The last client connection is gone. */
  readonly emptied: () => void
}

export class Clients {
  /**
   * Above this number of held bytes, a client is not read from: MAX_BUFFERED, or 0 while all clients together hold too
   * much.
   */
  maxBuffered = MAX_BUFFERED
  /** Connections accepted so far. */
  accepted = 0
  readonly #parts: ClientsParts
  readonly #pairs = new Set<Pair>()
  readonly #places: Places<Pair>
  readonly #away: TurnAway
  readonly #spread: Spread
  #sweeping: Cancel | undefined

  constructor(parts: ClientsParts) {
    const { kit, clock, limit } = parts
    this.#parts = parts
    this.#places = new Places(this.#pairs, limit)
    this.#away = new TurnAway({ kit, clock })
    this.#spread = new Spread(clock)
  }

  get size(): number {
    return this.#pairs.size
  }

  /** Requests in flight, with their ages at `now`. */
  *requests(now: number): Iterable<RequestInFlight> {
    for (const pair of this.#pairs) yield* pair.requests(now)
  }

  // -- coming and going --------------------------------------------------------------------------------------------

  admit(to: ServedPort, take: (port: Port) => void): void {
    const { terms, tick, lacked, keepsAddresses } = this.#parts
    this.accepted += 1
    tick()
    if (!this.#places.forOneMore(terms.now)) {
      to.counters.refusedFor('max-connections')
      lacked('room')
      return this.#away.turn(take, this.#places.limit, to.speaks)
    }
    const pair = to.newPair()
    this.#pairs.add(pair)
    if (this.#sweeping === undefined) this.#sweepLater()
    take(pair.client)
    if (keepsAddresses) pair.client.rememberPeer()
  }

  remove(from: ServedPort, pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    this.#places.left(pair)
    from.counters.clients -= 1
    if (this.#pairs.size > 0) return
    this.#sweeping?.()
    this.#sweeping = undefined
    this.#parts.emptied()
  }

  /** Changes the number of places. */
  limitTo(limit: PlaceLimit): void {
    this.#parts.tick()
    this.#places.change(limit, this.#parts.terms.now)
  }

  /** There was no file descriptor for a socket: the client that has been idle longest gives up its two. */
  lackDescriptors(): void {
    this.#parts.tick()
    this.#places.free(this.#parts.terms.now, true)
    this.#parts.lacked('descriptors')
  }

  // -- the end -----------------------------------------------------------------------------------------------------

  /** Tells all clients to leave: WebSockets only while draining, and one after the other. */
  tellToLeave(clientMode: 'lame-duck' | 'draining'): void {
    const { tick, websocketSpreadMs } = this.#parts
    tick()
    const webSockets: Pair[] = []
    for (const pair of this.#pairs) {
      if (clientMode === 'draining' && pair.isWebSocket) webSockets.push(pair)
      else guarded(pair, () => pair.leave(clientMode))
    }
    this.#spread.start(webSockets, websocketSpreadMs, (pair) => {
      tick()
      guarded(pair, () => pair.leave('draining'))
    })
  }

  /** WebSockets that have not been told to leave yet stay. */
  stopTelling(): void {
    this.#spread.stop()
  }

  /** Closes the app connections on which nothing is in flight: the next request has to dial. */
  hangUpApps(): void {
    for (const pair of this.#pairs) guarded(pair, () => pair.hangUpApp())
  }

  /**
   * Half-closes the connections on which nothing is in flight; those that are new get a moment to send a request first.
   * Resolves when that is done, or when the drain has been taken back. By then, some may be in flight again.
   */
  async closeIdle(): Promise<void> {
    const { terms, clock, tick } = this.#parts
    tick()
    while (terms.draining && this.#closeIdle() > 0) {
      await new Promise<void>((resolve) => {
        clock.after(NEWCOMERS_MS, resolve)
      })
      tick()
    }
  }

  /** Returns how many were left open because they are new. */
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

  // -- the sweep ---------------------------------------------------------------------------------------------------

  #sweepLater(): void {
    const { clock, terms, tick } = this.#parts
    this.#sweeping = clock.after(SWEEP_MS, () => {
      this.#sweepLater()
      tick()
      this.#boundBuffered()
      for (const pair of this.#pairs) {
        try {
          pair.sweep(terms.now)
        } catch (error) {
          pair.fail(error)
        }
      }
    })
  }

  /** Beyond this, one more read of each client may be held; connection-limit.ts allows for that. */
  #boundBuffered(): void {
    let held = 0
    for (const pair of this.#pairs) held += pair.buffered
    this.maxBuffered = held > this.#places.limit.bufferedBytes ? 0 : MAX_BUFFERED
  }
}

/** Does something for a pair. An error of lastcall's own in it ends that pair alone. */
function guarded(pair: Pair, act: () => void): void {
  try {
    act()
  } catch (error) {
    pair.fail(error)
  }
}
