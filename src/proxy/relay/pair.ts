/**
 * One client connection and the app connection that belongs to it. Carries out what the conversation orders, keeps
 * backpressure end to end (flow.ts), and accounts for the requests (requests.ts). App connections are never shared, so
 * one client's bytes cannot reach another client (DESIGN §1).
 *
 * Long, because the orders of the relay, the reports of the ports and the orders of the conversation all change the
 * same few fields.
 */

import { randomBytes } from 'node:crypto'
import type { AppFault } from '../../protocol/http1/answer.ts'
import { isFull, readsFrom, READ_APP, READ_CLIENT } from './flow.ts'
import { Requests } from './requests.ts'
import { AppConnection } from './app-connection.ts'
import { Barrier } from '../sockets/barrier.ts'
import type { EndWho, EndWhy, Refusal, RequestInFlight } from '../../words.ts'
import { forwardedLine } from '../conversation/forwarded.ts'
import type { Conversation, Link } from '../conversation/link.ts'
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
  #conversation: Conversation
  #forwardedLine: Buffer | undefined
  readonly #patience: Patience
  #ended = false
  #madeRoom = false
  /** The client has sent its FIN. */
  #clientEnded = false

  constructor(context: RelayContext, begin: (link: Link) => Conversation) {
    this.#context = context
    this.acceptedAt = context.terms.now
    this.#patience = new Patience(context.limits, context.terms, this.acceptedAt)
    const barrier = new Barrier(this, (error) => this.fail(error))
    this.client = new Port('client', context.kit, barrier)
    this.account = new Requests(context, this.client, this)
    this.#app = new AppConnection(context, barrier, () => this.#departed())
    this.#conversation = begin(this)
  }

  requests(now: number): Iterable<RequestInFlight> {
    return this.account.shown(now)
  }

  /** Bytes of the client that wait here to be sent on, or for the rest of their head. */
  get buffered(): number {
    return this.#conversation.buffered + this.#conversation.headBytes
  }

  /** The client has never sent a byte. */
  get #isSilent(): boolean {
    return this.account.asked === 0 && this.client.silent
  }

  get isWebSocket(): boolean {
    return this.account.carriedAs === 'websocket'
  }

  // -- orders of the relay ---------------------------------------------------------------------------------------

  /** Ends what has taken too long; called several times a second. */
  sweep(now: number): void {
    const patience = this.#patience
    const lingered = patience.hasLingered(now)
    if (lingered && !this.client.backlog) this.client.destroy()
    if (patience.isStuck(now, this.#undelivered)) return this.#giveUp()
    if (this.account.clientGone || lingered) return
    if (
      !this.#undelivered &&
      patience.isMute(now, this.client.received, this.account.carriedAs === 'http1')
    ) {
      this.#countEnd('client', 'timeout')
      return this.client.destroy()
    }
    this.client.probe()
    if (this.#conversation.inHead && patience.isHeadLate(now, this.account.headBeganAt))
      this.#conversation.headTimedOut()
    else if (this.account.inFlight === 0 && this.#hasIdledTooLong(now))
      this.#conversation.closeIfIdle('timeout')
    else if (patience.takeWatch(now)) this.client.watchPeer()
    this.#conversation.sweep()
    this.#settle()
  }

  #hasIdledTooLong(now: number): boolean {
    return this.#patience.isIdleTooLong(now, this.account.restingSince, this.#isSilent)
  }

  /** Since when it could make room for another client; Infinity while it cannot, or if it already has. */
  get restingSince(): number {
    if (this.#madeRoom || this.client.backlog) return Infinity
    if (this.#patience.lingers) return this.#patience.lingersSince
    if (this.account.inFlight > 0 || !this.#conversation.idle) return Infinity
    return this.account.asked > 0 ? this.account.restingSince : this.#patience.idleSince
  }

  /**
   * Makes room for another client: closes the connection as at the end of idle-timeout. It does not linger if its
   * client has already been told to leave, or if `atOnce`.
   */
  makeRoom(atOnce: boolean): void {
    const told = this.#patience.lingers
    this.#madeRoom = true
    try {
      if (!told) this.#conversation.closeIfIdle('limit')
      this.#settle()
      if (told || atOnce) this.client.destroy()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Tells the client to leave, where the protocol has a way to say so. */
  leave(clientMode: 'lame-duck' | 'draining'): void {
    this.#conversation.leave(clientMode)
    this.#settle()
  }

  /** The client has only just connected, so it is about to send a request. */
  get isNew(): boolean {
    return (
      this.account.asked === 0 && this.#conversation.idle && this.#patience.isNew(this.#context.terms.now)
    )
  }

  /** Half-closes the client's connection if nothing is in flight on it. */
  closeIfIdle(): void {
    if (this.account.inFlight === 0) this.#conversation.closeIfIdle('drained')
    this.#settle()
  }

  /**
   * Gives up the app connection if nothing is in flight on it, as if the app had closed it: the next request dials
   * again.
   */
  hangUpApp(): void {
    if (!this.#app.open || !this.#conversation.idle) return
    this.#conversation.appEnded()
    this.#settle()
  }

  /** Ends the pair now, whatever is in flight. Returns how many requests that cut. */
  cut(): number {
    const cut = this.account.inFlight
    this.#countEnd('lastcall', cut > 0 ? 'cut' : 'drained')
    this.#end(cut > 0)
    return cut
  }

  /** A side has taken nothing for a minute and for as long as an idle client may stay: it is not coming back. */
  #giveUp(): void {
    this.#countEnd(this.client.backlog ? 'client' : 'app', 'timeout')
    this.#end(true)
  }

  /** An error of lastcall's own, in whatever was done for this pair. It ends this pair and no other. */
  fail(error: unknown): void {
    if (this.#conversation !== SILENT) this.#context.fault(error)
    this.#conversation = SILENT
    this.#countEnd('lastcall', 'fault')
    this.#end(true)
  }

  #end(cut: boolean): void {
    if (cut) {
      this.client.reset()
      this.#context.dialer.forget(this)
      this.#app.resetAll()
      // `cut` must report these requests first, or the verdict would also count them as finished.
      queueMicrotask(() => this.#leaveWhenDelivered())
    } else {
      this.client.destroy()
      this.dropApp()
    }
  }

  /** The dialer lets this pair dial. */
  connect(): void {
    this.#app.connect()
  }

  /** The dialer reports that there will be no connection. */
  appUnavailable(fault: AppFault): void {
    this.#app.abandonDial()
    try {
      this.#conversation.appFailed(fault)
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
      this.#conversation.fromClient(bytes, 0, count)
    } else {
      counters.bytesFromApp += count
      this.#conversation.fromApp(bytes, 0, count)
    }
    this.#settle()
  }

  portDrained(side: Side): void {
    this.#patience.progressed()
    this.#context.tick()
    if (side === 'client' && !this.#patience.lingers) this.#conversation.clientDrained()
    this.#settle()
  }

  portOpen(): void {
    this.#app.opened()
    this.#context.dialer.reached(this)
    this.#context.tick()
    this.#conversation.appOpen()
    this.#settle()
  }

  portEnded(side: Side): void {
    this.#context.tick()
    if (side === 'client') {
      this.#clientEnded = true
      if (!this.#patience.lingers) this.#conversation.clientEnded()
    } else this.#conversation.appEnded()
    this.#settle()
  }

  portClosed(side: Side, error: string | undefined): void {
    this.#context.tick()
    if (side === 'client') this.#clientClosed(error)
    else this.#appClosed(error)
  }

  #appClosed(error: string | undefined): void {
    if (!this.#app.closed()) return this.#context.dialer.refused(this, error ?? 'ECONNRESET')
    this.#conversation.appGone()
    this.#settle()
  }

  #clientClosed(error: string | undefined): void {
    this.account.clientGone = true
    try {
      if (!this.#patience.lingers) this.#conversation.clientGone()
    } finally {
      this.dropApp()
      this.#countEnd('client', error === undefined ? 'closed' : 'reset')
      this.#forgetArrival()
      this.#leaveWhenDelivered()
    }
  }

  /** A given-up app connection has delivered everything that was written to it. */
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

  /** Leaves the relay once the client is gone and the app's kernel has everything that was written to it. */
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
    this.#countEnd(who, why)
    this.#patience.linger(this.#context.terms.now)
    // If the client has already sent its FIN, `#settle` closes the socket, which sends ours in the same call.
    if (!this.#clientEnded) this.client.fin()
  }

  halfCloseClient(): void {
    this.#patience.halfClosed()
    this.client.fin()
  }

  resetClient(who: EndWho, why: EndWhy): void {
    this.#countEnd(who, why)
    this.client.reset()
  }

  get clientBacklog(): boolean {
    return this.client.backlog
  }

  flush(): void {
    this.#context.kit.slab.flush()
  }

  handOver(to: Conversation): void {
    this.#conversation = to
  }

  refused(reason: Refusal): void {
    this.#context.counters.refusedFor(reason)
  }

  forwardedLine(): Buffer {
    return (this.#forwardedLine ??= forwardedLine(this.client.remoteAddress))
  }

  maskingKey(): Uint8Array {
    return randomBytes(4)
  }

  // -- after each event ------------------------------------------------------------------------------------------

  /** A kernel has not yet taken everything that was written to its side. */
  get #undelivered(): boolean {
    return this.client.backlog || this.#app.backlog || this.#app.departing
  }

  /**
   * Sends what was laid out, stops reading from a side that outruns the other, and completes requests whose bytes are
   * gone.
   */
  #settle(): void {
    this.#context.kit.slab.flush()
    const { client } = this
    const reads = readsFrom(
      client.stalled,
      this.#app.stalled,
      isFull(this.#conversation, this.#context.maxBuffered),
    )
    client.pause((reads & READ_CLIENT) === 0)
    this.#app.pause((reads & READ_APP) === 0)
    if (!client.backlog && this.#clientEnded && this.#patience.lingers) client.destroy()
    if (this.#undelivered) return
    if (!this.account.taken()) return
    // A client that reads slowly gets the whole linger time after its last byte.
    if (this.#patience.lingers) this.#patience.linger(this.#context.terms.now)
    if (this.#context.dialer.queueing) this.hangUpApp()
  }

  /** Counts once how the pair ended. */
  #countEnd(who: EndWho, why: EndWhy): void {
    if (this.#ended) return
    this.#ended = true
    this.#context.counters.pairEnded(who, why)
    if (who === 'app') this.account.failedByApp()
  }
}
