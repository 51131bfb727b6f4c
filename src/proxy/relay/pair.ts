/**
 * One client connection and the app connection it is paired with: carries out what the conversation orders, keeps
 * backpressure end to end (flow.ts), and keeps account of its requests (requests.ts). Never shared: one client's bytes cannot reach another (DESIGN §1).
 */

import { randomBytes } from 'node:crypto'
import type { AppFault } from '../../protocol/http1/answer.ts'
import { readsFrom, READ_APP, READ_CLIENT } from './flow.ts'
import { Requests } from './requests.ts'
import { AppConnection } from './app-connection.ts'
import { Barrier } from '../sockets/barrier.ts'
import type { EndWho, EndWhy, Refusal, RequestInFlight } from '../../words.ts'
import { forwardedLine } from '../conversation/forwarded.ts'
import type { Link, Talk } from '../conversation/link.ts'
import { SILENT } from '../conversation/silent.ts'
import { Patience } from './patience.ts'
import { Port } from '../sockets/port.ts'
import type { PortOwner, Side } from '../sockets/port-owner.ts'
import type { RelayContext } from './context.ts'

export class Pair implements Link, PortOwner {
  readonly client: Port
  readonly acceptedAt: number
  readonly #context: RelayContext
  readonly account: Requests
  readonly #app: AppConnection
  #talk: Talk
  #channel: Buffer | undefined
  readonly #patience: Patience
  #ended = false
  #madeRoom = false
  /** The client has sent its FIN. */
  #clientEnded = false

  constructor(context: RelayContext, talk: (link: Link) => Talk) {
    this.#context = context
    this.acceptedAt = context.terms.now
    this.#patience = new Patience(context.limits, this.acceptedAt)
    const barrier = new Barrier(this, (error) => this.fail(error))
    this.client = new Port('client', context.kit, barrier)
    this.account = new Requests(context, this.client, this)
    this.#app = new AppConnection(context, barrier, () => this.#departed())
    this.#talk = talk(this)
  }

  /** What /status shows. */
  requests(now: number): Iterable<RequestInFlight> {
    return this.account.shown(now)
  }

  /** Bytes of the client that wait here. */
  get buffered(): number {
    return this.#talk.buffered
  }

  /** Its client has not said a word. */
  get #isSilent(): boolean {
    return this.account.asked === 0 && this.client.silent
  }

  /** What is in flight is a WebSocket. */
  get isWebSocket(): boolean {
    return this.account.carriedAs === 'websocket'
  }

  // -- orders of the relay ---------------------------------------------------------------------------------------

  /** Looks at the clock: called a few times a second. */
  sweep(now: number): void {
    const patience = this.#patience
    const lingered = patience.hasLingered(now)
    if (lingered && !this.client.backlog) this.client.destroy()
    if (patience.isStuck(now, this.#undelivered)) return this.#giveUp()
    if (this.account.clientGone || lingered) return
    this.client.probe()
    if (this.#talk.inHead && patience.isHeadLate(now, this.account.headBeganAt)) this.#talk.headTimedOut()
    else if (this.account.inFlight === 0 && this.#hasIdledTooLong(now)) this.#talk.closeIfIdle('timeout')
    else if (patience.takeWatch(now)) this.client.watchPeer()
    this.#talk.sweep()
    this.#settle()
  }

  #hasIdledTooLong(now: number): boolean {
    return this.#patience.isIdleTooLong(now, this.account.restingSince, this.#isSilent)
  }

  /** Since when it could give its place to somebody else; Infinity while it cannot, or has. */
  get restingSince(): number {
    if (this.#madeRoom || this.client.backlog) return Infinity
    if (this.#patience.lingers) return this.#patience.lingersSince
    if (this.account.inFlight > 0 || !this.#talk.idle) return Infinity
    return this.account.asked > 0 ? this.account.restingSince : this.#patience.idleSince
  }

  /**
   * Gives its place to a newcomer: says goodbye, as at the end of idle-timeout. One that has been told already, or all
   * `atOnce`, does not linger.
   */
  makeRoom(atOnce: boolean): void {
    const told = this.#patience.lingers
    this.#madeRoom = true
    try {
      if (!told) this.#talk.closeIfIdle('limit')
      this.#settle()
      if (told || atOnce) this.client.destroy()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Clients are to leave: says so where the protocol has a word for it. */
  leave(clientMode: 'lame-duck' | 'draining'): void {
    this.#talk.leave(clientMode)
    this.#settle()
  }

  /** Its client has only just dialled: nobody does that without being about to ask. */
  get isNew(): boolean {
    return this.account.asked === 0 && this.#talk.idle && this.#patience.isNew(this.#context.terms.now)
  }

  /** Half-closes the client's connection if nothing is in flight on it. */
  closeIfIdle(): void {
    if (this.account.inFlight === 0) this.#talk.closeIfIdle('drained')
    this.#settle()
  }

  /** Gives up an app connection on which nothing is in flight, as if the app had: the next request dials again. */
  hangUpApp(): void {
    if (!this.#app.open || !this.#talk.idle) return
    this.#talk.appEnded()
    this.#settle()
  }

  /** Ends it now, whatever is in flight. Returns how much was. */
  cut(): number {
    const cut = this.account.inFlight
    this.#lastWords('lastcall', cut > 0 ? 'cut' : 'drained')
    this.#end(cut > 0)
    return cut
  }

  /** A side that takes nothing for as long as an idle client may stay, and for a minute, is not coming back. */
  #giveUp(): void {
    this.#lastWords(this.client.backlog ? 'client' : 'app', 'timeout')
    this.#end(true)
  }

  /** A fault of our own, in whatever was done for this pair: it ends, and nobody else. */
  fail(error: unknown): void {
    if (this.#talk !== SILENT) this.#context.fault(error)
    this.#talk = SILENT
    this.#lastWords('lastcall', 'fault')
    this.#end(true)
  }

  #end(cut: boolean): void {
    if (cut) {
      this.client.reset()
      this.#context.dialer.forget(this)
      this.#app.resetAll()
      // What is cut is reported as cut first: the verdict must not count it as finished, too.
      queueMicrotask(() => this.#leaveWhenDelivered())
    } else {
      this.client.destroy()
      this.dropApp()
    }
  }

  /** The dialer's word: go and connect. */
  connect(): void {
    this.#app.connect()
  }

  /** The dialer's word: it will not be. */
  appUnavailable(fault: AppFault): void {
    this.#app.abandonDial()
    try {
      this.#talk.appFailed(fault)
      this.#settle()
    } catch (error) {
      this.fail(error)
    }
  }

  // -- what the ports report -------------------------------------------------------------------------------------

  portRead(side: Side, bytes: Buffer, count: number): void {
    const { counters } = this.#context
    this.#context.tick()
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
    this.#patience.progressed()
    this.#context.tick()
    if (side === 'client' && !this.#patience.lingers) this.#talk.clientDrained()
    this.#settle()
  }

  portOpen(): void {
    this.#app.opened()
    this.#context.dialer.reached(this)
    this.#context.tick()
    this.#talk.appOpen()
    this.#settle()
  }

  portEnded(side: Side): void {
    this.#context.tick()
    if (side === 'client') {
      this.#clientEnded = true
      if (!this.#patience.lingers) this.#talk.clientEnded()
    } else this.#talk.appEnded()
    this.#settle()
  }

  portClosed(side: Side, error: string | undefined): void {
    this.#context.tick()
    if (side === 'client') this.#clientClosed(error)
    else this.#appClosed(error)
  }

  #appClosed(error: string | undefined): void {
    if (!this.#app.closed()) return this.#context.dialer.refused(this, error ?? 'ECONNRESET')
    this.#talk.appGone()
    this.#settle()
  }

  #clientClosed(error: string | undefined): void {
    this.account.clientGone = true
    try {
      if (!this.#patience.lingers) this.#talk.clientGone()
    } finally {
      this.dropApp()
      this.#lastWords('client', error === undefined ? 'closed' : 'reset')
      this.#forgetArrival()
      this.#leaveWhenDelivered()
    }
  }

  /** A connection to the app that was given up has delivered what was written to it. */
  #departed(): void {
    try {
      this.#patience.progressed()
      this.#context.tick()
      this.#settle()
      this.#leaveWhenDelivered()
    } catch (error) {
      this.fail(error)
    }
  }

  /** The client is gone, and the app's kernel has all that was written to it. */
  #leaveWhenDelivered(): void {
    if (!this.account.clientGone || this.#app.departing) return
    try {
      this.account.close()
    } finally {
      this.#context.remove(this)
    }
  }

  #forgetArrival(): void {
    if (this.#context.limits.protocol === 'tcp' && !this.client.silent) this.#context.arrivals.stays(this)
    else if (this.account.asked === 0) this.#context.arrivals.forget(this)
  }

  // -- what the conversation orders ------------------------------------------------------------------------------

  toApp(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.#app.write(bytes, start, end)
  }

  toClient(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.client.write(bytes, start, end)
  }

  dial(): void {
    this.#context.dialer.wanted(this)
  }

  finApp(): void {
    this.#app.fin()
  }

  dropApp(): void {
    this.#context.dialer.forget(this)
    this.#app.drop()
  }

  resetApp(): void {
    this.#context.dialer.forget(this)
    this.#app.reset()
  }

  finClient(who: EndWho, why: EndWhy): void {
    this.#lastWords(who, why)
    this.#patience.linger(this.#context.terms.now)
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

  get clientBacklog(): boolean {
    return this.client.backlog
  }

  flush(): void {
    this.#context.kit.slab.flush()
  }

  handOver(to: Talk): void {
    this.#talk = to
  }

  refused(reason: Refusal): void {
    this.#context.counters.refusedFor(reason)
  }

  forwardedLine(): Buffer {
    return (this.#channel ??= forwardedLine(this.client.remoteAddress))
  }

  maskingKey(): Uint8Array {
    return randomBytes(4)
  }

  // -- after each event ------------------------------------------------------------------------------------------

  /** Something that was written has not been taken by the kernel of the side that it is for. */
  get #undelivered(): boolean {
    return this.client.backlog || this.#app.backlog || this.#app.departing
  }

  /** Sends what was laid out, stops the side that outruns the other, and lets go of a request whose bytes are gone. */
  #settle(): void {
    this.#context.kit.slab.flush()
    const { client } = this
    const reads = readsFrom(
      client.stalled,
      this.#app.stalled,
      this.#talk.buffered > this.#context.maxBuffered,
    )
    client.pause((reads & READ_CLIENT) === 0)
    this.#app.pause((reads & READ_APP) === 0)
    if (!client.backlog && this.#clientEnded && this.#patience.lingers) client.destroy()
    if (this.#undelivered) return
    if (!this.account.taken()) return
    // A client that is slow to read is not yet slow to leave.
    if (this.#patience.lingers) this.#patience.linger(this.#context.terms.now)
    if (this.#context.dialer.queueing) this.hangUpApp()
  }

  /** Counts how the pair ended, once, and lets go of what was in flight. */
  #lastWords(who: EndWho, why: EndWhy): void {
    if (this.#ended) return
    this.#ended = true
    this.#context.counters.pairEnded(who, why)
  }
}
