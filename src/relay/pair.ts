/**
 * One client connection and the app connection it is paired with: carries out what the conversation orders, keeps
 * backpressure end to end, and keeps the books. Never shared: one client's bytes cannot reach another (DESIGN §1).
 */

import { randomBytes } from 'node:crypto'
import type { AppFault } from '../http1/answer.ts'
import type { Stream } from '../http2/streams.ts'
import { Books, type RequestInFlight } from './books.ts'
import type { EndWho, EndWhy, Protocol, Refusal } from './counters.ts'
import { forwardedLine } from './forwarded.ts'
import type { Link, Talk } from './link.ts'
import { Port, type PortOwner, type Side } from './port.ts'
import type { House } from './house.ts'

/** How long a client that has been told goodbye may take to leave (RFC 9112 §9.6). */
const LINGER_MS = 2000
/** A client that has dialled gets so long, at most, to send the first byte before it is closed as idle. */
const NEW_MS = 500
/** Connections that live longer than this are watched for peers that vanished; most do not, and save the calls. */
const WATCH_AFTER_MS = 10_000

/** Why the client is not being read from. */
const APP_IS_SLOW = 1
const CONVERSATION_IS_FULL = 2

export class Pair implements Link, PortOwner {
  readonly client: Port
  readonly acceptedAt: number
  readonly #house: House
  readonly #books: Books
  #talk: Talk
  #app: Port | undefined
  #dialing = false
  #paused = 0
  #line: Buffer | undefined
  #lingerUntil = Infinity
  /** Since when the client has not taken what we have for it (slow read). */
  #stuckSince = Infinity
  #watched = false
  #ended = false
  #madeRoom = false
  /** The client has sent its FIN. */
  #clientEnded = false

  constructor(house: House, talk: (link: Link) => Talk) {
    this.#house = house
    this.acceptedAt = house.terms.now
    this.client = new Port('client', house.kit, this)
    this.#books = new Books(house, this.client)
    this.#talk = talk(this)
  }

  /** What /status shows. */
  requests(now: number): Iterable<RequestInFlight> {
    return this.#books.shown(now)
  }

  /** What is in flight is a WebSocket. */
  get isWebSocket(): boolean {
    return this.#books.carriedAs === 'websocket'
  }

  // -- orders of the house ---------------------------------------------------------------------------------------

  /** Looks at the clock: called a few times a second. */
  sweep(now: number): void {
    const { headTimeoutMs, idleTimeoutMs } = this.#house.limits
    if (now >= this.#lingerUntil && !this.client.backlog) return this.client.destroy()
    if (!this.client.backlog) this.#stuckSince = Infinity
    else if (this.#stuckSince === Infinity) this.#stuckSince = now
    else if (now - this.#stuckSince >= idleTimeoutMs) return this.#giveUp()
    if (this.#talk.inHead && now - this.#books.headBeganAt >= headTimeoutMs) this.#talk.headTimedOut()
    else if (this.#books.inFlight === 0 && now - this.#books.restingSince >= this.#patience)
      this.#talk.closeIfIdle('timeout')
    else if (!this.#watched && now - this.acceptedAt > WATCH_AFTER_MS) {
      this.#watched = true
      this.client.watchPeer()
    }
    this.#talk.sweep()
    this.#settle()
  }

  /**
   * How long it may be at rest. A connection whose client has never said a word has head-timeout, as with every other
   * proxy (nginx and HAProxy count it from accept as well, Node and Go likewise); it sees a FIN and no 408, which a
   * client that has asked for nothing would take for an answer to what it asks next (RFC 9110 §15.5.9). Balancers and
   * browsers that open connections ahead of need (Envoy's preconnect, classic ELB) notice the FIN and open another. One
   * that has been used is a pool's, and has idle-timeout. With `--protocol tcp` a silent client is in flight: there the
   * app may be the first to speak.
   */
  get #patience(): number {
    const { headTimeoutMs, idleTimeoutMs } = this.#house.limits
    return this.#books.requests === 0 && this.client.silent
      ? Math.min(headTimeoutMs, idleTimeoutMs)
      : idleTimeoutMs
  }

  /** Since when it could give its place to somebody else; Infinity while it cannot, or has. */
  get restingSince(): number {
    if (this.#madeRoom || this.client.backlog) return Infinity
    if (this.#lingerUntil !== Infinity) return this.#lingerUntil - LINGER_MS
    return this.#books.inFlight === 0 && this.#talk.idle ? this.#books.restingSince : Infinity
  }

  /**
   * Gives its place to a newcomer: says goodbye, as at the end of idle-timeout. One that has been told already, or all
   * `atOnce`, does not linger.
   */
  makeRoom(atOnce: boolean): void {
    const told = this.#lingerUntil !== Infinity
    this.#madeRoom = true
    if (!told) this.#talk.closeIfIdle('limit')
    this.#settle()
    if (told || atOnce) this.client.destroy()
  }

  /** Clients are to leave: says so where the protocol has a word for it. */
  leave(posture: 'parting' | 'leaving'): void {
    this.#talk.leave(posture)
    this.#settle()
  }

  /** Its client has only just dialled: nobody does that without being about to ask. */
  get isNew(): boolean {
    return this.#books.requests === 0 && this.#talk.idle && this.#house.terms.now - this.acceptedAt < NEW_MS
  }

  /** Half-closes the client's connection if nothing is in flight on it. */
  closeIfIdle(): void {
    if (this.#books.inFlight === 0) this.#talk.closeIfIdle('drained')
    this.#settle()
  }

  /** Gives up an app connection on which nothing is in flight, as if the app had: the next request dials again. */
  hangUpApp(): void {
    if (this.#app === undefined || this.#dialing || !this.#talk.idle) return
    this.#talk.appEnded()
    this.#settle()
  }

  /** Ends it now, whatever is in flight. Returns how much was. */
  cut(): number {
    const cut = this.#books.inFlight
    this.#lastWords('lastcall', cut > 0 ? 'cut' : 'drained')
    if (cut > 0) this.client.reset()
    else this.client.destroy()
    this.dropApp()
    return cut
  }

  /** A client that takes nothing for as long as an idle one may stay is not coming back. */
  #giveUp(): void {
    this.#lastWords('client', 'timeout')
    this.client.reset()
  }

  /** The dialer's word: go and connect. */
  connect(): void {
    const app = new Port('app', this.#house.kit, this)
    this.#app = app
    this.#dialing = true
    app.dial(this.#house.app)
  }

  /** The dialer's word: it will not be. */
  appUnavailable(fault: AppFault): void {
    this.#abandonDial()
    this.#talk.appFailed(fault)
    this.#settle()
  }

  // -- what the ports report -------------------------------------------------------------------------------------

  portRead(side: Side, bytes: Buffer, count: number): void {
    const { counters } = this.#house
    this.#house.tick()
    if (side === 'client') {
      counters.bytesFromClient += count
      this.#talk.fromClient(bytes, 0, count)
    } else {
      counters.bytesFromApp += count
      this.#talk.fromApp(bytes, 0, count)
    }
    this.#settle()
  }

  portDrained(side: Side): void {
    if (side === 'client') this.#stuckSince = Infinity
    if (side === 'app') this.#pauseFor(APP_IS_SLOW, false)
    else this.#app?.pause(false)
    this.#house.tick()
    this.#settle()
  }

  portOpen(): void {
    this.#dialing = false
    this.#house.counters.apps += 1
    this.#house.counters.appsTotal += 1
    this.#house.dialer.reached(this)
    this.#house.tick()
    this.#talk.appOpen()
    this.#settle()
  }

  portEnded(side: Side): void {
    this.#house.tick()
    if (side === 'client') {
      this.#clientEnded = true
      if (this.#lingerUntil === Infinity) this.#talk.clientEnded()
    } else this.#talk.appEnded()
    this.#settle()
  }

  portClosed(side: Side, error: string | undefined): void {
    this.#house.tick()
    if (side === 'client') return this.#clientClosed(error)
    const wasDialing = this.#dialing
    this.#app = undefined
    this.#dialing = false
    if (wasDialing) return this.#house.dialer.refused(this, error ?? 'ECONNRESET')
    this.#house.counters.apps -= 1
    this.#pauseFor(APP_IS_SLOW, false)
    this.#talk.appGone()
    this.#settle()
  }

  #clientClosed(error: string | undefined): void {
    if (this.#lingerUntil === Infinity) this.#talk.clientGone()
    this.dropApp()
    this.#lastWords('client', error === undefined ? 'closed' : 'reset')
    this.#books.close()
    if (this.#house.limits.protocol === 'tcp' && !this.client.silent) this.#house.arrivals.stays(this)
    else if (this.#books.requests === 0) this.#house.arrivals.forget(this)
    this.#house.leave(this)
  }

  // -- what the conversation orders ------------------------------------------------------------------------------

  toApp(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.#app?.write(bytes, start, end)
  }

  toClient(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.client.write(bytes, start, end)
  }

  dial(): void {
    this.#house.dialer.wanted(this)
  }

  finApp(): void {
    this.#app?.fin()
  }

  dropApp(): void {
    this.#house.dialer.forget(this)
    const app = this.#app
    if (app === undefined) return
    if (this.#dialing) return this.#abandonDial()
    this.#app = undefined
    this.#house.counters.apps -= 1
    app.abandon()
    this.#pauseFor(APP_IS_SLOW, false)
  }

  finClient(who: EndWho, why: EndWhy): void {
    this.#lastWords(who, why)
    this.#lingerUntil = this.#house.terms.now + LINGER_MS
    // Where both say goodbye, closing sends our FIN in the same call: see `#settle`.
    if (!this.#clientEnded) this.client.fin()
  }

  halfCloseClient(): void {
    this.client.fin()
  }

  resetClient(who: EndWho, why: EndWhy): void {
    this.#lastWords(who, why)
    this.client.reset()
  }

  pauseClient(on: boolean): void {
    this.#pauseFor(CONVERSATION_IS_FULL, on)
  }

  began(protocol: Protocol): void {
    this.#books.began(protocol)
  }

  became(protocol: Protocol): void {
    this.#books.became(protocol)
  }

  withdrew(): void {
    this.#books.withdrew()
  }

  streamBegan(stream: Stream): void {
    this.#house.arrivals.request(this, this.#books.requests === 0)
    this.#books.streamBegan(stream)
  }

  streamEnded(stream: Stream): void {
    this.#books.streamEnded(stream)
  }

  headBegan(): void {
    this.#books.headBeganAt = this.#house.terms.now
  }

  handOver(to: Talk): void {
    this.#talk = to
  }

  requested(method: number, probe: boolean, bytes: Buffer, start: number, end: number): void {
    const isFirst = this.#books.requests === 0
    if (!probe) this.#house.arrivals.request(this, isFirst)
    else if (isFirst) this.#house.arrivals.forget(this)
    this.#books.requested(method, bytes, start, end)
  }

  finished(status: number): void {
    this.#books.finished(status)
  }

  refused(reason: Refusal): void {
    this.#house.counters.refusedFor(reason)
  }

  forwardedLine(): Buffer {
    return (this.#line ??= forwardedLine(this.client.remoteAddress))
  }

  maskingKey(): Uint8Array {
    return randomBytes(4)
  }

  // -- after each event ------------------------------------------------------------------------------------------

  /** Sends what was laid out, stops the side that outruns the other, and lets go of a request whose bytes are gone. */
  #settle(): void {
    this.#house.kit.slab.flush()
    const app = this.#app
    if (app !== undefined) {
      if (this.client.backlog) app.pause(true)
      if (app.backlog) this.#pauseFor(APP_IS_SLOW, true)
    }
    if (this.client.backlog) return
    if (this.#clientEnded && this.#lingerUntil !== Infinity) this.client.destroy()
    if (!this.#books.taken()) return
    // A client that is slow to read is not yet slow to leave.
    if (this.#lingerUntil !== Infinity) this.#lingerUntil = this.#house.terms.now + LINGER_MS
    if (this.#house.dialer.held) this.hangUpApp()
  }

  #pauseFor(reason: number, on: boolean): void {
    const before = this.#paused
    this.#paused = on ? before | reason : before & ~reason
    if ((before === 0) !== (this.#paused === 0)) this.client.pause(this.#paused !== 0)
  }

  #abandonDial(): void {
    const app = this.#app
    this.#app = undefined
    this.#dialing = false
    app?.abandon()
  }

  /** Counts how the pair ended, once, and lets go of what was in flight. */
  #lastWords(who: EndWho, why: EndWhy): void {
    if (this.#ended) return
    this.#ended = true
    this.#house.counters.pairEnded(who, why)
  }
}
