/**
 * A conversation that has become a WebSocket: frames pass both ways unchanged, and their ends are known. When clients
 * have to leave, both sides are sent Close 1001 (RFC 6455 §7.4.1), each between two frames of its own, and what is
 * said after that is dropped: WebSocket has no other word for goodbye. A side that has begun to close by itself is
 * left to it. What is no WebSocket, whatever was agreed, becomes a tunnel. DESIGN §1. Pure.
 */

import { CLOSE_FOR_CLIENT, closeForApp } from '../../protocol/websocket/close.ts'
import { FrameCursor } from '../../protocol/websocket/frame.ts'
import type { AppChannel } from './app-channel.ts'
import type { EndWho, EndWhy } from '../../words.ts'
import type { Link, Talk, Terms } from './link.ts'
import { Tunnel } from './tunnel.ts'

/** How long the answer to a Close is waited for, ours or the one that is under way when clients have to leave. */
const CLOSE_WAIT_MS = 5000

const STATUS = 101

export class WebSocketTalk implements Talk {
  readonly idle = false
  readonly inHead = false
  readonly buffered = 0
  readonly #terms: Terms
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #fromClient = new FrameCursor()
  readonly #fromApp = new FrameCursor()
  /** The client has to leave, and is told between two frames. */
  #draining = false
  /** Our Close has gone to that side. */
  #toldClient = false
  #toldApp = false
  #clientEnded = false
  #appEnded = false
  /** When nobody's Close is waited for any more, nor for a client that takes nothing. */
  #until = Infinity
  #over = false
  /** What it has become. Whoever hands over to this conversation may have more to tell than what turned it into that. */
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
      // The app, once it has been told, hears no more; the client's answer is for us.
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
    // The drain was taken back before this client was told anything.
    if (!this.#toldClient && !this.#terms.draining) return void (this.#until = Infinity)
    // A client that has not even taken what is before our Close, or the Close itself, has had its time.
    if (this.#link.clientBacklog) this.#reset('client', 'timeout')
    else if (this.#toldClient || this.#closing()) this.#end('lastcall', 'timeout')
    else this.#until = this.#terms.now + CLOSE_WAIT_MS // The app is within a frame: it is waited for.
  }

  /** A client that reads, however slowly, is told when its frame has ended. */
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

  /** After our Close that is as it should be: the app closes, and the client's answer is still awaited. */
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
    // The client has all that the app had to say, or will: a reset might take it away again.
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

  /** Whether the client has to be told, and can be: between two frames, and as long as nobody closes by himself. */
  #saysGoodbye(): boolean {
    return this.#draining && this.#terms.draining && !this.#closing() && this.#fromApp.between
  }

  /** Somebody has said, or begun to say, that it is over: nothing is put in. */
  #closing(): boolean {
    return this.#clientEnded || this.#appEnded || this.#fromClient.closing || this.#fromApp.closing
  }

  /** Does what can be done now of saying goodbye. */
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
    // RFC 6455 §7.1.1: once both have said it, the server closes the connection.
    if (this.#answered) this.#end('lastcall', 'drained')
  }

  #tellApp(): void {
    this.#toldApp = true
    const close = closeForApp(this.#link.maskingKey())
    this.#channel.send(close, 0, close.length)
  }

  /** Nothing can be put in any more: bytes pass until a side closes. */
  #turnTunnel(): void {
    this.#over = true
    this.#link.account.became('tunnel')
    const tunnel = new Tunnel(this.#link, this.#channel, STATUS)
    this.#link.handOver(tunnel)
    this.#tunnel = tunnel
    if (this.#clientEnded) tunnel.clientEnded()
    if (this.#appEnded) tunnel.appEnded()
  }

  /** The app, which has been told, may still read that: it is not cut off, but hears that no more will come. */
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

  /** `whole`: client and app have closed it themselves. One that was sent our Close has been ended, not finished. */
  #finish(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#channel.release()
    this.#link.account.finished(STATUS, whole)
  }
}
