/**
 * The conversation on a client connection that speaks HTTP/1.1, with at most one app connection: bytes in, orders out.
 * It knows where messages begin and end, and so what is in flight and where bytes may be inserted. It has no sockets
 * and no timers: its orders go out through `Link`, and `Terms` holds what applies to all conversations. DESIGN §1 and
 * §2; RFC 9112.
 *
 * Long, because requests and responses are two directions of one state (`#stage`), and each event needs the whole of
 * it.
 */

import { type AppFault, APP_FAULTS, healthAnswer, refusalAnswer } from '../../protocol/http1/answer.ts'
import { LAST_CHUNK } from '../../protocol/http1/chunked.ts'
import { isLbHealth } from '../../protocol/http1/lb-health.ts'
import { refusalRow, REFUSE } from '../../protocol/http1/refusal.ts'
import * as request from '../../protocol/http1/request-cursor.ts'
import { RequestHead } from '../../protocol/http1/request-head.ts'
import { AppChannel } from './app-channel.ts'
import type { EndWho, EndWhy } from '../../words.ts'
import { Exchange } from './exchange.ts'
import { EMPTY_LINE } from './forwarded.ts'
import { leaveNow } from './leave.ts'
import { Pipelined } from './pipelined.ts'
import type { Conversation, Link, Terms } from './link.ts'
import * as response from './response-relay.ts'
import { type Succession, successor } from './successor.ts'

/** The facts of the head that was just parsed. They are read at once, so one instance serves all conversations. */
const requestHead = new RequestHead()

/**
 * `idle`: between two exchanges. `asking`: a request is being read, and nothing of it has been sent. `answering`: the
 * request is with the app. `answered`: the response ended before its request. `over`: the connection has been closed
 * from this side, and what still arrives is discarded; or another conversation has taken over.
 */
type Stage = 'idle' | 'asking' | 'answering' | 'answered' | 'over'

export class Http1Conversation implements Conversation {
  readonly #terms: Terms
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #request: request.RequestCursor
  readonly #exchange = new Exchange()
  readonly #response: response.ResponseRelay
  /** The client's next requests, while a response is under way or the client has not taken it. */
  readonly #pipelined = new Pipelined()
  #stage: Stage = 'idle'
  /** The client has sent its FIN. */
  #clientEnded = false

  constructor(terms: Terms, link: Link) {
    this.#terms = terms
    this.#link = link
    this.#channel = new AppChannel(link)
    this.#response = new response.ResponseRelay(link, this.#exchange)
    this.#request = new request.RequestCursor(terms.maxHeadBytes)
  }

  get idle(): boolean {
    return this.#stage === 'idle' && this.#pipelined.empty
  }

  get buffered(): number {
    return this.#pipelined.length + this.#channel.waiting
  }

  get headBytes(): number {
    return this.#request.kept
  }

  get inHead(): boolean {
    return this.#stage === 'asking'
  }

  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void {
    if (this.idle) this.#over('lastcall', why)
  }

  /** Ends an event stream that is between two events. Its client reconnects, and reaches another pod. */
  leave(): void {
    if (!this.#terms.draining || this.#stage !== 'answering' || !this.#response.betweenEvents) return
    if (!this.#request.between) return // RFC 9112 §9.6: the rest of the request would be lost.
    this.#link.toClient(LAST_CHUNK, 0, LAST_CHUNK.length)
    this.#over('lastcall', 'drained')
  }
  sweep(): void {}

  headTimedOut(): void {
    if (this.inHead) this.#refuse(REFUSE.headTimeout)
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    if (this.#stage === 'over') return
    const at = this.#pipelined.empty ? this.#read(bytes, start, end) : start
    if (at < end) this.#pipelined.add(bytes, at, end)
  }

  /** Consumes requests; returns the offset of what has to wait, or `end`. */
  #read(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && this.#stage !== 'over') {
      // The client must take its answers first: otherwise lastcall's own answers could pile up without bound.
      if (this.#stage === 'idle' && this.#link.clientBacklog) return at
      const found = this.#request.advance(bytes, at, end, requestHead)
      if (found < 0) {
        this.#refuse(found)
        return end
      }
      const to = this.#request.at
      switch (found) {
        case request.WITHIN_HEAD:
          this.#ask()
          break
        case request.HEAD_COMPLETE:
          this.#ask()
          this.#requestBegins()
          break
        case request.WITHIN_BODY:
        case request.BODY_COMPLETE:
          this.#channel.send(bytes, at, to)
          if (found === request.BODY_COMPLETE && this.#stage === 'answered') this.#exchangeOver()
          break
        case request.HTTP2_PREFACE: // It was HTTP/2 from its first byte (RFC 9113 §3.3).
          this.#ask()
          this.#pipelined.add(bytes, to, end)
          this.#handOver('http2', 0, bytes, end, end)
          return end
        case request.REQUEST_COMPLETE:
          // Pipelined: the next request waits until this response is complete, so that the two cannot be mixed up.
          return at
        default: // NOTHING_BEGUN
      }
      at = to
    }
    return end
  }

  clientEnded(): void {
    this.#clientEnded = true
    switch (this.#stage) {
      case 'idle':
        // Requests that wait for the client to take its answers come first.
        return this.#pipelined.empty ? this.#over('client', 'closed') : undefined
      case 'asking':
        return this.#over('client', 'aborted')
      case 'answering':
      case 'answered':
        // The client has cut its own request. A response that ends with the connection would now look complete.
        if (!this.#request.between) return this.#over('client', 'aborted', this.#isCutting)
        // The app sees what it would see without lastcall, and decides whether to continue.
        if (this.#pipelined.empty) this.#channel.fin()
        return
      case 'over':
    }
  }

  /** The app learns at once, so that it can cancel its work. */
  clientGone(): void {
    if (this.#stage === 'answering' || this.#stage === 'answered') this.#channel.reset()
    else this.#channel.drop()
    this.#end()
  }

  clientDrained(): void {
    this.#goOn()
  }

  /** The first byte of a request: it is in flight from here on. */
  #ask(): void {
    if (this.#stage !== 'idle') return
    this.#stage = 'asking'
    this.#exchange.begin()
    this.#link.account.began('http1')
  }

  /** The head is valid: sends it to the app, with the X-Forwarded-For line inserted. */
  #requestBegins(): void {
    const head = requestHead
    const { headBytes, headStart, headEnd } = this.#request
    this.#exchange.asked(head)
    const lbHealth = isLbHealth(headBytes, head, this.#terms.lbHealthPath)
    this.#link.account.requested(
      head.method,
      head.probe || lbHealth,
      headBytes,
      head.targetStart,
      head.targetEnd,
    )
    if (lbHealth) return this.#answerLbHealth()
    this.#stage = 'answering'
    this.#response.expect()
    const tail = this.#terms.forwardedFor ? this.#link.forwardedLine() : EMPTY_LINE
    const replayable = head.idempotent && head.length === 0 && head.upgrade === 'none'
    this.#channel.request(headBytes, headStart, headEnd - 2, tail, replayable, this.#terms.now)
  }

  #answerLbHealth(): void {
    const { lbHealthy, lameDuck } = this.#terms
    const persistent = this.#exchange.persistent && !lameDuck
    const answer = healthAnswer(lbHealthy, persistent, this.#exchange.toHead)
    this.#link.toClient(answer, 0, answer.length)
    this.#link.flush()
    this.#exchange.status = lbHealthy ? 200 : 503
    if (!persistent) return this.#over('lastcall', lameDuck ? 'drained' : 'closed')
    this.#rest()
  }

  appOpen(): void {
    this.#channel.opened()
    if (this.#clientEnded && this.#request.between && this.#pipelined.empty) this.#channel.fin()
  }

  appFailed(fault: AppFault): void {
    this.#channel.lost()
    this.#answerFault(fault)
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    if (this.#stage === 'answering') this.#channel.answered()
    let at = start
    while (at < end && this.#stage !== 'over') {
      const leave = leaveNow(this.#terms, this.#request.between, !this.#pipelined.empty)
      const found = this.#response.relay(bytes, at, end, leave)
      at = this.#response.at
      if (found === response.COMPLETE) this.#responseOver()
      else if (found === response.SWITCHES) this.#handOver(this.#exchange.upgrade, 101, bytes, at, end)
      else if (found === response.NOT_UNDERSTOOD)
        this.#handOver('opaque', this.#exchange.status, bytes, at, end)
      else if (found === response.UNASKED) {
        // The client must never get these bytes as the answer to its next request.
        this.#appBroke()
        break
      } else if (found === response.BETWEEN_EVENTS) break
    }
    this.leave()
    // Only after this packet: bytes behind its response were sent before the next request, so they cannot answer it.
    this.#goOn()
  }

  appEnded(): void {
    switch (this.#stage) {
      case 'idle':
      case 'asking':
        // The app closed an idle connection: the next request dials again.
        return this.#channel.drop()
      case 'answering':
        if (!this.#response.untilClose) return this.#appBroke()
        this.#exchange.whole = true
        if (this.#request.between) return this.#over('app', 'closed')
        this.#stage = 'answered'
        return this.#appSaysNoMore()
      case 'answered':
        return this.#appSaysNoMore()
      case 'over':
    }
  }

  /**
   * The app answered before the request ended, and may still read: the client sees the FIN that it would see without
   * lastcall.
   */
  #appSaysNoMore(): void {
    this.#exchange.persistent = false
    this.#link.halfCloseClient()
  }

  appGone(): void {
    this.#channel.lost()
    this.#appBroke()
  }

  /** The app's connection ended in the middle of an exchange. */
  #appBroke(): void {
    this.#leaveLine()
    switch (this.#stage) {
      case 'idle':
      case 'asking':
      case 'over':
        return
      case 'answered':
        return this.#over('app', 'closed')
      case 'answering':
        if (this.#exchange.begun) return this.#over('app', 'reset', true)
        if (this.#response.inHead) return this.#answerFault('cutHead')
        if (!this.#channel.replay()) this.#answerFault('failed')
    }
  }

  /** The whole response has been sent to the client. */
  #responseOver(): void {
    this.#exchange.whole = true
    if (this.#request.between) this.#exchangeOver()
    else this.#stage = 'answered'
  }

  /** Both messages are complete: the connection is idle again, or this was its last exchange. */
  #exchangeOver(): void {
    this.#channel.rest(this.#terms.now)
    if (!this.#exchange.persistent || (this.#clientEnded && this.#pipelined.empty))
      return this.#over('lastcall', this.#terms.lameDuck ? 'drained' : 'closed')
    this.#rest()
  }

  /** Continues with what the client has sent in the meantime. */
  #goOn(): void {
    if (this.#stage !== 'idle' || this.#pipelined.empty) return
    const held = this.#pipelined.bytes
    const at = this.#read(held, 0, held.length)
    if (this.#isOver()) return
    this.#pipelined.used(at)
    if (this.#clientEnded && this.#pipelined.empty) this.clientEnded()
  }

  /** Ending now would cut a response that has begun. */
  get #isCutting(): boolean {
    return this.#stage === 'answering' && this.#exchange.begun
  }

  #isOver(): boolean {
    return this.#stage === 'over'
  }

  #rest(): void {
    this.#request.next()
    this.#stage = 'idle'
    this.#link.account.finished(this.#exchange.status, this.#exchange.whole)
  }

  /** The connection is not HTTP/1.1 any more: `bytes[start..end)` are the app's first bytes of what follows. */
  #handOver(kind: Succession, status: number, bytes: Buffer, start: number, end: number): void {
    this.#channel.answered()
    this.#link.account.became(kind)
    const next = successor(kind, status, this.#terms, this.#link, this.#channel)
    this.#link.handOver(next)
    const held = this.#pipelined.take()
    if (held.length > 0) next.fromClient(held, 0, held.length)
    if (start < end) next.fromApp(bytes, start, end)
    if (this.#clientEnded) next.clientEnded()
    if (this.#terms.draining) next.leave('draining')
    this.#stage = 'over'
  }

  /** A request head or body is malformed. If the app has a part of the request, its connection is reset. */
  #refuse(verdict: number): void {
    const { status, label } = refusalRow(verdict)
    this.#ask()
    this.#link.refused(label)
    this.#leaveLine()
    if (this.#stage === 'answered') return this.#over('lastcall', 'refused')
    if (this.#exchange.begun) return this.#over('lastcall', 'refused', true)
    const answer = refusalAnswer(verdict)
    this.#link.toClient(answer, 0, answer.length)
    this.#exchange.status = status
    this.#over('lastcall', 'refused')
  }

  #answerFault(fault: AppFault): void {
    const { answer, status, label, who } = APP_FAULTS[fault]
    this.#link.refused(label)
    this.#link.toClient(answer, 0, answer.length)
    this.#exchange.status = status
    this.#over(who, 'refused')
  }

  /** `cut`: a response that has begun will not be completed, and must not look complete. */
  #over(who: EndWho, why: EndWhy, cut = false): void {
    this.#leaveLine()
    this.#end()
    if (cut) this.#link.resetClient(who, why)
    else this.#link.finClient(who, why)
  }

  /**
   * Gives up the app connection. A complete request is delivered; an incomplete one is cut, unless the client itself
   * ended it with a FIN.
   */
  #leaveLine(): void {
    const busy = this.#stage === 'answering' || this.#stage === 'answered'
    if (busy && !this.#request.between && !this.#clientEnded) this.#channel.reset()
    else this.#channel.drop()
  }

  #end(): void {
    const inFlight = this.#stage !== 'idle' && this.#stage !== 'over'
    this.#stage = 'over'
    this.#pipelined.clear()
    this.#channel.release()
    if (inFlight) this.#link.account.finished(this.#exchange.status, this.#exchange.whole)
  }
}
