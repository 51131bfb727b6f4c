/**
 * The conversation after a WebSocket upgrade: frames pass both ways unchanged, and their boundaries are known. When
 * clients have to leave, each side is sent Close 1001 (RFC 6455 §7.4.1) between two of its frames, and what the other
 * side sends after that is dropped. A side that has begun to close by itself is left alone. If the bytes are not
 * WebSocket frames, the conversation becomes a tunnel. DESIGN §1. Pure.
 */

import { CLOSE_FOR_CLIENT, closeForApp } from '../../protocol/websocket/close.ts'
import { FrameCursor } from '../../protocol/websocket/frame.ts'
import type { AppChannel } from './app-channel.ts'
import type { EndWho, EndWhy } from '../../words.ts'
import type { Conversation, Link, Terms } from './link.ts'
import { Tunnel } from './tunnel.ts'

/** How long to wait for the answer to a Close: ours, or one that was already under way. */
const CLOSE_WAIT_MS = 5000

const STATUS = 101

export class WebSocketConversation implements Conversation {
  readonly idle = false
  readonly inHead = false
  readonly buffered = 0
  readonly headBytes = 0
  readonly #terms: Terms
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #fromClient = new FrameCursor()
  readonly #fromApp = new FrameCursor()
  /** The client has to leave; it is told between two frames. */
  #draining = false
  /** Our Close has been sent to that side. */
  #toldClient = false
  #toldApp = false
  #clientEnded = false
  #appEnded = false
  /** When the wait for a Close, or for a client that takes nothing, ends. */
  #until = Infinity
  #over = false
  /**
   * The tunnel that this conversation has become. Events may still arrive here from the conversation that handed over.
   */
  #tunnel: Tunnel | undefined

  /** Takes over a channel that is open. */
  constructor(terms: Terms, link: Link, channel: AppChannel) {
    this.#terms = terms
    this.#link = link
    this.#channel = channel
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return this.#tunnel?.fromApp(bytes, start, end)
    if (this.#toldClient) return
    let at = start
    while (at < end && !this.#saysGoodbye()) at = this.#fromApp.advance(bytes, at, end)
    this.#link.toClient(bytes, start, at)
    if (this.#fromApp.nonsense) return this.#turnTunnel()
    this.#goodbye()
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return
    let at = start
    let sent = start
    while (at < end && !this.#answered) {
      at = this.#fromClient.advance(bytes, at, end)
      // After our Close, the app gets nothing more; the client's answer is for us.
      if (this.#toldApp) sent = at
      else if (this.#toldClient && this.#fromClient.between) {
        this.#channel.send(bytes, sent, at)
        sent = at
        this.#tellApp()
      }
    }
    this.#channel.send(bytes, sent, at)
    if (this.#fromClient.nonsense && !this.#toldClient) return this.#turnTunnel()
    this.#goodbye()
  }

  leave(clientMode: 'lame-duck' | 'draining'): void {
    if (clientMode !== 'draining' || this.#over || this.#toldClient) return
    this.#draining = true
    this.#until = this.#terms.now + CLOSE_WAIT_MS
    this.#goodbye()
  }

  sweep(): void {
    if (this.#over || this.#terms.now < this.#until) return
    // The drain was taken back before this client was told to leave.
    if (!this.#toldClient && !this.#terms.draining) return void (this.#until = Infinity)
    // The client has not taken our Close, or not even what comes before it, and its time is up.
    if (this.#link.clientBacklog) this.#reset('client', 'timeout')
    else if (this.#toldClient || this.#closing()) this.#end('lastcall', 'timeout')
    else this.#until = this.#terms.now + CLOSE_WAIT_MS // The app is within a frame: wait for its end.
  }

  /** A client that reads, however slowly, gets our Close when the frame has ended. */
  clientDrained(): void {
    if (this.#draining && !this.#toldClient) this.#until = this.#terms.now + CLOSE_WAIT_MS
  }

  clientEnded(): void {
    this.#clientEnded = true
    if (this.#over) return this.#tunnel?.clientEnded()
    if (this.#toldClient || this.#appEnded) return this.#end('client', 'closed')
    this.#channel.fin()
    this.#goodbye()
  }

  clientGone(): void {
    this.#channel.reset()
    this.#finish(false)
  }

  /** Expected after our Close: the app closes, and the client's answer is still to come. */
  appEnded(): void {
    this.#appEnded = true
    if (this.#over || this.#toldClient) return
    if (this.#clientEnded) return this.#end('app', 'closed')
    this.#link.halfCloseClient()
    this.#goodbye()
  }

  appGone(): void {
    this.#channel.lost()
    if (this.#over || this.#toldClient) return
    // The client has, or will get, everything that the app sent: a reset could destroy it.
    if (this.#appEnded || (this.#fromApp.closing && this.#fromApp.between)) return this.#end('app', 'closed')
    this.#reset('app', 'reset')
  }

  appOpen(): void {}
  appFailed(): void {}
  headTimedOut(): void {}
  closeIfIdle(): void {}

  /** The client has answered our Close. */
  get #answered(): boolean {
    return this.#toldApp && this.#fromClient.closing && this.#fromClient.between
  }

  /** Whether our Close is due and may be sent: between two frames, and unless a side is closing by itself. */
  #saysGoodbye(): boolean {
    return this.#draining && this.#terms.draining && !this.#closing() && this.#fromApp.between
  }

  /** A side has sent a Close or its FIN, or has begun to: nothing is inserted. */
  #closing(): boolean {
    return this.#clientEnded || this.#appEnded || this.#fromClient.closing || this.#fromApp.closing
  }

  /** Sends what can be sent of our Close now. */
  #goodbye(): void {
    if (!this.#draining) return
    if (!this.#toldClient && this.#saysGoodbye()) {
      this.#toldClient = true
      this.#until = this.#terms.now + CLOSE_WAIT_MS
      this.#link.toClient(CLOSE_FOR_CLIENT, 0, CLOSE_FOR_CLIENT.length)
    }
    if (!this.#toldClient) {
      if (this.#closing()) this.#until = Math.min(this.#until, this.#terms.now + CLOSE_WAIT_MS)
      return
    }
    if (!this.#toldApp && this.#fromClient.between) this.#tellApp()
    // RFC 6455 §7.1.1: once both sides have sent a Close, the server closes the connection.
    if (this.#answered) this.#end('lastcall', 'drained')
  }

  #tellApp(): void {
    this.#toldApp = true
    const close = closeForApp(this.#link.maskingKey())
    this.#channel.send(close, 0, close.length)
  }

  /** Frames cannot be told apart any more: bytes pass until a side closes. */
  #turnTunnel(): void {
    this.#over = true
    this.#link.account.became('tunnel')
    const tunnel = new Tunnel(this.#link, this.#channel, STATUS)
    this.#link.handOver(tunnel)
    this.#tunnel = tunnel
    if (this.#clientEnded) tunnel.clientEnded()
    if (this.#appEnded) tunnel.appEnded()
  }

  /** An app that got our Close may still read it, so its connection is half-closed and not cut. */
  #end(who: EndWho, why: EndWhy): void {
    if (this.#over) return
    if (this.#toldApp) this.#channel.fin()
    else this.#channel.drop()
    this.#finish(who !== 'lastcall' && !this.#toldClient)
    this.#link.finClient(who, why)
  }

  #reset(who: EndWho, why: EndWhy): void {
    this.#channel.drop()
    this.#finish(false)
    this.#link.resetClient(who, why)
  }

  /** `whole`: client and app have closed it themselves. A WebSocket that got our Close was ended, not finished. */
  #finish(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#channel.release()
    this.#link.account.finished(STATUS, whole)
  }
}
