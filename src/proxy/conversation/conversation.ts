/**
 * The brain of one client connection that speaks HTTP/1.1, paired with at most one app connection: bytes in, orders
 * out. It knows where messages begin and end, and so what is in flight and where a byte may be put in. It knows no
 * sockets and no timers: `Link` is its hands, `Terms` what holds for everybody at the moment.
 * DESIGN §1 and §2; RFC 9112.
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
import type { Link, Talk, Terms } from './link.ts'
import * as response from './response-relay.ts'
import { type Succession, successor } from './successor.ts'

/** The facts of the head just parsed: read at once, so that one serves all conversations. */
const requestHead = new RequestHead()

/**
 * `idle`: between two exchanges. `asking`: a request is being read, no byte of it has been sent. `answering`: the
 * request is with the app. `answered`: the response has ended before its request has. `over`: goodbye has been said, and
 * what comes is thrown away; or another conversation has taken over.
 */
type Stage = 'idle' | 'asking' | 'answering' | 'answered' | 'over'

export class Conversation implements Talk {
  readonly #terms: Terms
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #request: request.RequestCursor
  readonly #exchange = new Exchange()
  readonly #response: response.ResponseRelay
  /** The client's next requests, while a response is under way or has not been taken. */
  readonly #pipelined = new Pipelined()
  #stage: Stage = 'idle'
  /** The client has said that it will send no more. */
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

  get inHead(): boolean {
    return this.#stage === 'asking'
  }

  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void {
    if (this.idle) this.#over('lastcall', why)
  }

  /** An event stream that stands between two events ends here; its client comes back, to somebody else. */
  leave(): void {
    if (!this.#terms.draining || this.#stage !== 'answering' || !this.#response.betweenEvents) return
    if (!this.#request.between) return // RFC 9112 §9.6: what is still to come of the request would be lost.
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

  /** Moves over requests; returns the offset of what has to wait, or `end`. */
  #read(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && this.#stage !== 'over') {
      // The client takes its answers first: else the answers that we give ourselves could pile up without bound.
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
        case request.HTTP2_PREFACE: // It has been HTTP/2 from its first byte on (RFC 9113 §3.3).
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
        // What waits for the client to take its answers is asked first.
        return this.#pipelined.empty ? this.#over('client', 'closed') : undefined
      case 'asking':
        return this.#over('client', 'aborted')
      case 'answering':
      case 'answered':
        // It has cut its own request. A response that ends with the connection would look complete to it now.
        if (!this.#request.between) return this.#over('client', 'aborted', this.#isCutting)
        // Faithful: the app sees what it would see without us, and decides whether to go on.
        if (this.#pipelined.empty) this.#channel.fin()
        return
      case 'over':
    }
  }

  /** The app is told at once, so that it can cancel its work. */
  clientGone(): void {
    if (this.#stage === 'answering' || this.#stage === 'answered') this.#channel.reset()
    else this.#channel.drop()
    this.#end()
  }

  clientDrained(): void {
    this.#goOn()
  }

  /** The first byte of a request: from here on it is in flight. */
  #ask(): void {
    if (this.#stage !== 'idle') return
    this.#stage = 'asking'
    this.#exchange.begin()
    this.#link.account.began('http1')
  }

  /** A head is good: it goes to the app, with the line put in that says who asks. */
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
        // The next request of this client must never get it for an answer.
        this.#appBroke()
        break
      } else if (found === response.BETWEEN_EVENTS) break
    }
    this.leave()
    // Only now: what this packet holds beyond its response was sent before the next request was, and answers nothing.
    this.#goOn()
  }

  appEnded(): void {
    switch (this.#stage) {
      case 'idle':
      case 'asking':
        // Its idle close is not the client's problem: the next request dials again.
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

  /** It has answered before the request's end, and may read on: the client hears what it would hear without us. */
  #appSaysNoMore(): void {
    this.#exchange.persistent = false
    this.#link.halfCloseClient()
  }

  appGone(): void {
    this.#channel.lost()
    this.#appBroke()
  }

  /** The app's connection ended where it should not have. */
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

  /** The whole response has gone to the client. */
  #responseOver(): void {
    this.#exchange.whole = true
    if (this.#request.between) this.#exchangeOver()
    else this.#stage = 'answered'
  }

  /** Both messages are complete: the connection is idle again, or it was the last exchange. */
  #exchangeOver(): void {
    this.#channel.rest(this.#terms.now)
    if (!this.#exchange.persistent || (this.#clientEnded && this.#pipelined.empty))
      return this.#over('lastcall', this.#terms.lameDuck ? 'drained' : 'closed')
    this.#rest()
  }

  /** Goes on with what the client sent meanwhile. */
  #goOn(): void {
    if (this.#stage !== 'idle' || this.#pipelined.empty) return
    const held = this.#pipelined.bytes
    const at = this.#read(held, 0, held.length)
    if (this.#isOver()) return
    this.#pipelined.used(at)
    if (this.#clientEnded && this.#pipelined.empty) this.clientEnded()
  }

  /** To end now is to cut a response that has begun. */
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

  /** From here on the connection is not HTTP/1.1: `bytes[start..end)` of the app are the first that are something else. */
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

  /** A request, or a body, that is malformed. If the app has some of it, that is cut. */
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
    const { answer, status, label } = APP_FAULTS[fault]
    this.#link.refused(label)
    this.#link.toClient(answer, 0, answer.length)
    this.#exchange.status = status
    this.#over('app', 'refused')
  }

  /** `cut`: a response that has begun cannot be completed, and must not look complete. */
  #over(who: EndWho, why: EndWhy, cut = false): void {
    this.#leaveLine()
    this.#end()
    if (cut) this.#link.resetClient(who, why)
    else this.#link.finClient(who, why)
  }

  /** A request that is complete is delivered. One that is not is cut, unless its client has ended it so (FIN). */
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
