/**
 * The conversation on a client connection that speaks HTTP/2 with prior knowledge, with one app connection: frames
 * pass, streams are counted, and the connection is given up without losing a call. Pure. DESIGN §1 to §3; RFC 9113.
 *
 * The farewell has two steps (http2-farewell.ts). After the final GOAWAY, new streams are refused with REFUSED_STREAM
 * and never reach the app, so the client may safely send them again elsewhere. They are not refused earlier, because
 * that would rely on clients to retry.
 *
 * Long, because it implements three small interfaces: the events of the pair, and the reports of the two sides.
 */

import { type AppFault, APP_FAULTS } from '../../protocol/http1/answer.ts'
import { PREFACE } from '../../protocol/http1/preface.ts'
import * as h2 from '../../protocol/http2/frame.ts'
import { Guard } from '../../protocol/http2/guard.ts'
import { literalField } from '../../protocol/http2/hpack-literal.ts'
import { AppSettings } from '../../protocol/http2/settings.ts'
import { type Stream, Streams } from '../../protocol/http2/streams.ts'
import type { AppChannel } from './app-channel.ts'
import type { EndWho, EndWhy, Refusal } from '../../words.ts'
import { forwardedAddress } from './forwarded.ts'
import { type AppHeard, AppSide } from './http2-app-side.ts'
import { type ClientHeard, ClientSide, type Shared } from './http2-client-side.ts'
import { Farewell, OUR_PING, PATIENCE_MS } from './http2-farewell.ts'
import type { Conversation, Link, Terms } from './link.ts'

/** How many streams a client may open after the final GOAWAY: each costs an answer that the client may not read. */
const MAX_TURNED_AWAY = 1000
/**
 * How many streams a connection may have open. Apps allow a hundred or so; this bounds memory if the app sets no limit.
 */
const MAX_STREAMS = 16_384

interface Failure {
  readonly error: number
  readonly why: EndWhy
  readonly since: number
}

export class Http2Conversation implements Conversation, ClientHeard, AppHeard {
  /** Field blocks pass as they come. */
  readonly headBytes = 0
  readonly #terms: Terms
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #streams = new Streams()
  readonly #client: ClientSide
  readonly #app: AppSide
  readonly #farewell: Farewell
  #clientEnded = false
  /** The app has sent a GOAWAY of its own. */
  #appLeaves = false
  /** Frames for the client that wait until one may be inserted. */
  #waiting: Buffer[] = []
  #turnedAway = 0
  #discarded = 0
  /** The error that ends the connection as soon as a frame may be inserted. */
  #failure: Failure | undefined
  #over = false

  /**
   * The preface is complete. Takes over a channel that is not open yet, and a request that turned out to be the
   * preface.
   */
  constructor(terms: Terms, link: Link, channel: AppChannel) {
    this.#terms = terms
    this.#link = link
    this.#channel = channel
    this.#farewell = new Farewell(terms, this.#streams)
    const shared: Shared = {
      terms,
      streams: this.#streams,
      settings: new AppSettings(),
      guard: new Guard(),
      forwarded: terms.forwardedFor
        ? literalField('x-forwarded-for', forwardedAddress(link.forwardedLine()))
        : undefined,
    }
    this.#client = new ClientSide(shared, this, (bytes, start, end) => channel.send(bytes, start, end))
    this.#app = new AppSide(shared, this, (bytes, start, end) => link.toClient(bytes, start, end))
    link.account.withdrew()
    channel.prepare()
    channel.send(PREFACE, 0, PREFACE.length)
  }

  get idle(): boolean {
    return !this.#over && this.#streams.size === 0
  }

  get inHead(): boolean {
    return !this.#over && this.#client.inBlock
  }

  /** Bytes wait while the app is being dialled. */
  get buffered(): number {
    return this.#channel.waiting
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return
    this.#client.relay.feed(bytes, start, end)
    this.#speak()
  }

  clientEnded(): void {
    this.#clientEnded = true
    if (this.#over) return
    // The app sees what it would see without lastcall, and decides whether to continue with the streams.
    if (this.#streams.size > 0) this.#channel.fin()
    else this.#end('client', 'closed')
  }

  clientGone(): void {
    this.#letGo()
  }

  clientDrained(): void {
    this.#speak()
  }

  headTimedOut(): void {
    this.fault(h2.ENHANCE_YOUR_CALM, 'head-timeout')
  }

  sweep(): void {
    if (this.#over) return
    this.#speak()
    const failure = this.#failure
    if (failure === undefined || this.#terms.now - failure.since < PATIENCE_MS) return
    this.#letGo()
    this.#link.resetClient('lastcall', failure.why)
  }

  leave(clientMode: 'lame-duck' | 'draining'): void {
    if (clientMode === 'lame-duck') this.#farewell.parts()
    this.#speak()
  }

  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void {
    if (!this.idle) return
    this.#sayLast(h2.NO_ERROR)
    this.#end('lastcall', why)
  }

  appOpen(): void {
    this.#channel.opened()
    if (this.#clientEnded) this.#channel.fin()
  }

  /**
   * RFC 9113 §6.8: streams above the one in GOAWAY were not processed and may be sent again. With NO_ERROR, clients see
   * a server that is leaving, and retry by themselves; any other error would fail their calls.
   */
  appFailed(fault: AppFault): void {
    this.#channel.lost()
    const { label, who } = APP_FAULTS[fault]
    this.#link.refused(label)
    this.#say(h2.EMPTY_SETTINGS)
    this.#say(h2.goaway(0, h2.NO_ERROR))
    this.#end(who, 'refused')
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    if (!this.#over) this.#app.relay.feed(bytes, start, end)
  }

  /**
   * A cut response cannot look complete in HTTP/2, so nothing is reset: a reset could destroy complete responses. If
   * nothing was cut, the client is told the last stream, so it knows that later ones were not processed.
   */
  appEnded(): void {
    if (this.idle) this.#sayLast(h2.NO_ERROR)
    this.#end('app', 'closed')
  }

  appGone(): void {
    this.#channel.lost()
    this.#end('app', 'reset')
  }

  // -- what the client's side reports ------------------------------------------------------------------------------

  fault(error: number, label: Refusal): void {
    if (this.#failure !== undefined) return
    this.#link.refused(label)
    const why = error === h2.ENHANCE_YOUR_CALM ? 'limit' : 'protocol'
    this.#failure = { error, why, since: this.#terms.now }
    this.#client.relay.stop()
    this.#speak()
  }

  began(stream: Stream): void {
    this.#link.account.streamBegan(stream)
    if (this.#streams.size > MAX_STREAMS) this.fault(h2.ENHANCE_YOUR_CALM, 'http2')
  }

  blockBegan(): void {
    this.#link.account.headBegan()
  }

  ended(stream: Stream): void {
    this.#link.account.streamEnded(stream)
  }

  turnedAway(stream: number, error: number): void {
    this.#link.refused('draining')
    this.#waiting.push(h2.rstStream(stream, error))
    this.#turnedAway += 1
    if (this.#turnedAway > MAX_TURNED_AWAY) this.fault(h2.ENHANCE_YOUR_CALM, 'http2')
  }

  discarded(bytes: number): void {
    this.#discarded += bytes
  }

  pinged(opaque: Buffer): boolean {
    return this.#farewell.pinged(opaque)
  }

  // -- what the app's side reports ---------------------------------------------------------------------------------

  goesAway(last: number): void {
    this.#appLeaves = true
    this.#client.lastOfApp = Math.min(this.#client.lastOfApp, last)
  }

  between(): void {
    this.#speak()
  }

  // -- what we say -------------------------------------------------------------------------------------------------

  /** Sends what is due, if a frame may be inserted now. */
  #speak(): void {
    if (this.#over || !this.#app.mayInsert) return
    if (this.#failure !== undefined) return this.#fail(this.#failure)
    if (!this.#app.greeted) return
    // After its FIN a client opens no stream: when the last one has ended, there is nothing to wait for.
    if (this.#clientEnded && this.#streams.size === 0) return this.#end('client', 'closed')
    // Our own answers wait while the client has a backlog. Their number is limited, and window updates are added up to
    // one.
    if ((this.#waiting.length > 0 || this.#discarded > 0) && !this.#link.clientBacklog) this.#sayWaiting()
    if (this.#appLeaves) return
    if (this.#farewell.takeTelling()) {
      this.#say(h2.goaway(h2.MAX_STREAM, h2.NO_ERROR))
      this.#say(h2.ping(OUR_PING))
    }
    if (this.#farewell.hasHeard) this.#sayLast(h2.NO_ERROR)
    if (this.#farewell.isFinal && this.#streams.size === 0) this.#end('lastcall', 'drained')
  }

  /** From here on, no new stream is admitted. */
  #sayLast(error: number): void {
    if (this.#farewell.isFinal || this.#appLeaves || !this.#app.mayInsert) return
    const last = this.#streams.lastClient
    this.#farewell.finish()
    this.#client.lastAllowed = last
    this.#app.lastAllowed = last
    if (!this.#app.greeted) this.#say(h2.EMPTY_SETTINGS)
    this.#say(h2.goaway(last, error))
  }

  #sayWaiting(): void {
    for (const bytes of this.#waiting) this.#say(bytes)
    this.#waiting = []
    // The client's window counts bytes that the app never saw: without an update, its other streams would stall (RFC
    // 9113 §5.2).
    if (this.#discarded > 0) this.#say(h2.windowUpdate(0, this.#discarded))
    this.#discarded = 0
  }

  #fail({ error, why }: Failure): void {
    if (!this.#app.greeted) this.#say(h2.EMPTY_SETTINGS)
    // RFC 9113 §6.8: the last stream must never be higher than one already announced, by us or by the app.
    const { lastAllowed, lastOfApp } = this.#client
    this.#say(h2.goaway(Math.min(this.#streams.lastClient, lastAllowed, lastOfApp), error))
    this.#end('lastcall', why)
  }

  #say(bytes: Buffer): void {
    this.#app.relay.put(bytes)
  }

  #end(who: EndWho, why: EndWhy): void {
    if (this.#over) return
    this.#letGo()
    this.#link.finClient(who, why)
  }

  #letGo(): void {
    if (this.#over) return
    this.#over = true
    this.#client.relay.stop()
    this.#app.relay.stop()
    // A cut stream must not look complete to the app.
    if (this.#streams.size > 0) this.#channel.reset()
    else this.#channel.drop()
    this.#channel.release()
    for (const stream of this.#streams.clear()) this.#link.account.streamEnded(stream)
  }
}
