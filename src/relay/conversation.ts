/**
 * The brain of one client connection that speaks HTTP/1.1, paired with at most one app connection: bytes in, orders
 * out. It knows where messages begin and end, and so what is in flight and where a byte may be put in. It knows no
 * sockets and no timers: `Link` is its hands, `Terms` what holds for everybody at the moment.
 * DESIGN §1 and §2; RFC 9112.
 */

import { type AppFault, APP_FAULTS, healthAnswer, refusalAnswer } from '../http1/answer.ts'
import { LAST_CHUNK } from '../http1/chunked.ts'
import { farewell } from '../http1/farewell.ts'
import { isLbHealth } from '../http1/lb-health.ts'
import { refusalRow, REFUSE } from '../http1/refusal.ts'
import * as request from '../http1/request-cursor.ts'
import { METHOD_HEAD, RequestHead } from '../http1/request-head.ts'
import * as response from '../http1/response-cursor.ts'
import { ResponseHead, UNTIL_CLOSE } from '../http1/response-head.ts'
import { AppLine } from './app-line.ts'
import type { EndWho, EndWhy } from './counters.ts'
import { EMPTY_LINE } from './forwarded.ts'
import { Held } from './held.ts'
import type { Link, Talk, Terms } from './link.ts'
import { type Succession, SUCCESSION, successor } from './successor.ts'

// Facts of the head just parsed: read at once, so that one of each serves all conversations.
const requestHead = new RequestHead()
const responseHead = new ResponseHead()

/**
 * `idle`: between two exchanges. `asking`: a request is being read, no byte of it has been sent. `answering`: the
 * request is with the app. `answered`: the response has ended before its request has. `over`: goodbye has been said, and
 * what comes is thrown away; or another conversation has taken over.
 */
type Stage = 'idle' | 'asking' | 'answering' | 'answered' | 'over'

export class Conversation implements Talk {
  readonly #terms: Terms
  readonly #link: Link
  readonly #line: AppLine
  readonly #request: request.RequestCursor
  readonly #response = new response.ResponseCursor()
  /** The client's next requests, while a response is under way. */
  readonly #held: Held
  #stage: Stage = 'idle'
  /** The client has said that it will send no more. */
  #clientEnded = false
  #toHead = false
  #http10 = false
  #persistent = true
  /** What the connection becomes if the app agrees to an upgrade. */
  #upgrade: Succession = 'opaque'
  /** Bytes of the final response have gone to the client. */
  #begun = false
  #status = 0

  constructor(terms: Terms, link: Link) {
    this.#terms = terms
    this.#link = link
    this.#line = new AppLine(link)
    this.#held = new Held((on) => link.pauseClient(on))
    this.#request = new request.RequestCursor(terms.maxHeadBytes)
  }

  get idle(): boolean {
    return this.#stage === 'idle'
  }

  get inHead(): boolean {
    return this.#stage === 'asking'
  }

  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void {
    if (this.idle) this.#over('lastcall', why)
  }

  /** An event stream that stands between two events ends here; its client comes back, to somebody else. */
  leave(): void {
    if (!this.#terms.leaving || this.#stage !== 'answering' || !this.#response.betweenEvents) return
    this.#link.toClient(LAST_CHUNK, 0, LAST_CHUNK.length)
    this.#over('lastcall', 'drained')
  }
  sweep(): void {}

  headTimedOut(): void {
    if (this.inHead) this.#refuse(REFUSE.headTimeout)
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end && this.#stage !== 'over') {
      const found = this.#request.advance(bytes, at, end, requestHead)
      if (found < 0) return this.#refuse(found)
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
          this.#line.send(bytes, at, to)
          this.#held.mind(this.#line.waiting)
          if (found === request.BODY_COMPLETE && this.#stage === 'answered') this.#exchangeOver()
          break
        case request.HTTP2_PREFACE: // It has been HTTP/2 from its first byte on (RFC 9113 §3.3).
          this.#ask()
          this.#held.add(bytes, to, end)
          return this.#handOver('http2', 0, bytes, end, end)
        case request.REQUEST_COMPLETE:
          // Pipelined: the next request waits until this response is complete, so that the two cannot be mixed up.
          this.#held.add(bytes, at, end)
          return
        default: // NOTHING_BEGUN
      }
      at = to
    }
  }

  clientEnded(): void {
    this.#clientEnded = true
    switch (this.#stage) {
      case 'idle':
        return this.#over('client', 'closed')
      case 'asking':
        return this.#over('client', 'aborted')
      case 'answering':
      case 'answered':
        if (!this.#request.between) return this.#over('client', 'aborted')
        // Faithful: the app sees what it would see without us, and decides whether to go on.
        if (this.#held.empty) this.#line.fin()
        return
      case 'over':
    }
  }

  /** The app is told at once, so that it can cancel its work. */
  clientGone(): void {
    this.#line.drop()
    this.#end()
  }

  /** The first byte of a request: from here on it is in flight. */
  #ask(): void {
    if (this.#stage !== 'idle') return
    this.#stage = 'asking'
    this.#status = 0
    this.#begun = false
    this.#link.began('http1')
  }

  /** A head is good: it goes to the app, with the line put in that says who asks. */
  #requestBegins(): void {
    const head = requestHead
    const { headBytes, headStart, headEnd } = this.#request
    this.#toHead = head.method === METHOD_HEAD
    this.#http10 = head.minor === 0
    this.#persistent = head.persistent
    this.#upgrade = SUCCESSION[head.upgrade]
    const lbHealth = isLbHealth(headBytes, head, this.#terms.lbHealthPath)
    this.#link.requested(head.method, head.probe || lbHealth, headBytes, head.targetStart, head.targetEnd)
    if (lbHealth) return this.#answerLbHealth()
    this.#stage = 'answering'
    this.#response.expect()
    const tail = this.#terms.forwardedFor ? this.#link.forwardedLine() : EMPTY_LINE
    const replayable = head.idempotent && head.length === 0 && head.upgrade === 'none'
    this.#line.request(headBytes, headStart, headEnd - 2, tail, replayable, this.#terms.now)
  }

  #answerLbHealth(): void {
    const { lbHealthy, parting } = this.#terms
    const persistent = this.#persistent && !parting
    const answer = healthAnswer(lbHealthy, persistent, this.#toHead)
    this.#link.toClient(answer, 0, answer.length)
    this.#status = lbHealthy ? 200 : 503
    if (!persistent) return this.#over('lastcall', parting ? 'drained' : 'closed')
    this.#rest()
  }

  appOpen(): void {
    this.#line.opened()
    this.#held.resume()
    if (this.#clientEnded && this.#request.between && this.#held.empty) this.#line.fin()
  }

  appFailed(fault: AppFault): void {
    this.#line.lost()
    this.#answerFault(fault)
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    this.#takeFromApp(bytes, start, end)
    // Only now: what this packet holds beyond its response was sent before the next request was, and answers nothing.
    this.#goOn()
  }

  #takeFromApp(bytes: Buffer, start: number, end: number): void {
    let sent = start
    let at = start
    while (at < end && this.#stage !== 'over') {
      const found = this.#response.advance(bytes, at, end, responseHead)
      const to = this.#response.at
      switch (found) {
        case response.WITHIN_HEAD:
          // Not a byte of a head goes out before all of it is known: a 502 is still possible, and so is a farewell.
          this.#link.toClient(bytes, sent, at)
          sent = to
          break
        case response.HEAD_COMPLETE:
          if (responseHead.status === 101) return this.#switchProtocols(bytes, sent, end)
          // As long as nothing is changed, head and body leave in one piece.
          if (this.#response.headBytes !== bytes || this.#saysFarewell()) {
            this.#link.toClient(bytes, sent, at)
            this.#sendHead()
            sent = to
          }
          if (this.#responseBegins()) {
            this.#link.toClient(bytes, sent, to)
            sent = to
            this.#responseOver()
          }
          break
        case response.WITHIN_BODY:
          break
        case response.BODY_COMPLETE:
          this.#link.toClient(bytes, sent, to)
          sent = to
          this.#responseOver()
          break
        case response.NOT_UNDERSTOOD:
          return this.#turnOpaque(bytes, sent, at, end)
        default: // UNASKED: the next request of this client must never get it for an answer.
          return this.#appBroke()
      }
      at = to
      if (this.#terms.leaving && this.#response.betweenEvents) break
    }
    if (this.#stage !== 'over') this.#link.toClient(bytes, sent, at)
    this.leave()
  }

  appEnded(): void {
    switch (this.#stage) {
      case 'idle':
      case 'asking':
        // Its idle close is not the client's problem: the next request dials again.
        return this.#line.drop()
      case 'answering':
        return this.#response.untilClose ? this.#over('app', 'closed') : this.#appBroke()
      case 'answered':
        return this.#over('app', 'closed')
      case 'over':
    }
  }

  appGone(): void {
    this.#line.lost()
    this.#appBroke()
  }

  /** The app's connection ended where it should not have. */
  #appBroke(): void {
    this.#line.drop()
    switch (this.#stage) {
      case 'idle':
      case 'asking':
      case 'over':
        return
      case 'answered':
        return this.#over('app', 'closed')
      case 'answering':
        if (this.#begun) return this.#over('app', 'reset', true)
        if (this.#response.inHead) return this.#answerFault('cutHead')
        if (!this.#line.replay()) this.#answerFault('failed')
    }
  }

  /** The last response that this client gets from us says so; one whose successor is waiting is not the last. */
  #saysFarewell(): boolean {
    if (!this.#terms.parting || responseHead.status < 200 || !this.#held.empty) return false
    return this.#persistent && responseHead.persistent && responseHead.frame(this.#toHead) !== UNTIL_CLOSE
  }

  #sendHead(): void {
    const { headBytes, headStart, headEnd } = this.#response
    if (!this.#saysFarewell()) return this.#link.toClient(headBytes, headStart, headEnd)
    const told = farewell(headBytes, headStart, headEnd)
    this.#persistent = false
    this.#link.toClient(told, 0, told.length)
  }

  /** The facts of a response's head are known. Returns whether the response is complete with it. */
  #responseBegins(): boolean {
    const head = responseHead
    this.#line.answered()
    if (head.status < 200) return false // RFC 9110 §15.2: interim, the final one follows.
    this.#status = head.status
    this.#begun = true
    // RFC 9112 §9.3: an HTTP/1.0 client is kept only if the app says so to it.
    if (!head.persistent || (this.#http10 && !head.keepAlive)) this.#persistent = false
    return this.#response.begin(head, this.#toHead)
  }

  /** The whole response has gone to the client. */
  #responseOver(): void {
    if (this.#request.between) this.#exchangeOver()
    else this.#stage = 'answered'
  }

  /** Both messages are complete: the connection is idle again, or it was the last exchange. */
  #exchangeOver(): void {
    this.#line.rest(this.#terms.now)
    if (!this.#persistent || (this.#clientEnded && this.#held.empty))
      return this.#over('lastcall', this.#terms.parting ? 'drained' : 'closed')
    this.#rest()
  }

  /** Goes on with what the client sent meanwhile. */
  #goOn(): void {
    if (this.#stage !== 'idle' || this.#held.empty) return
    const held = this.#held.take()
    this.fromClient(held, 0, held.length)
    if (this.#clientEnded) this.clientEnded()
  }

  #rest(): void {
    this.#request.next()
    this.#stage = 'idle'
    this.#link.finished(this.#status)
  }

  /** The app has agreed to another protocol (RFC 9110 §7.8). What came with its head is of that protocol already. */
  #switchProtocols(bytes: Buffer, sent: number, end: number): void {
    const { headBytes, headStart, headEnd, at } = this.#response
    if (headBytes === bytes) this.#link.toClient(bytes, sent, at)
    else this.#link.toClient(headBytes, headStart, headEnd)
    this.#handOver(this.#upgrade, 101, bytes, at, end)
  }

  /** What the app says is not understood: bytes flow on unchanged, nothing is put in, until a side closes. */
  #turnOpaque(bytes: Buffer, sent: number, from: number, end: number): void {
    const { gathered, at } = this.#response
    this.#link.toClient(bytes, sent, from)
    this.#link.toClient(gathered, 0, gathered.length)
    // A head that was gathered has in it what was taken of these bytes.
    this.#handOver('opaque', this.#status, bytes, gathered.length === 0 ? from : at, end)
  }

  #handOver(kind: Succession, status: number, bytes: Buffer, start: number, end: number): void {
    this.#line.answered()
    this.#link.became(kind)
    const next = successor(kind, status, this.#terms, this.#link, this.#line)
    this.#link.handOver(next)
    const held = this.#held.take()
    if (held.length > 0) next.fromClient(held, 0, held.length)
    if (start < end) next.fromApp(bytes, start, end)
    if (this.#clientEnded) next.clientEnded()
    if (this.#terms.leaving) next.leave('leaving')
    this.#stage = 'over'
  }

  /** A request, or a body, that is malformed. If the app has some of it, it is cut off first. */
  #refuse(verdict: number): void {
    const { status, label } = refusalRow(verdict)
    this.#ask()
    this.#link.refused(label)
    this.#line.drop()
    if (this.#stage === 'answered') return this.#over('lastcall', 'refused')
    if (this.#begun) return this.#over('lastcall', 'refused', true)
    const answer = refusalAnswer(verdict)
    this.#link.toClient(answer, 0, answer.length)
    this.#status = status
    this.#over('lastcall', 'refused')
  }

  #answerFault(fault: AppFault): void {
    const { answer, status, label } = APP_FAULTS[fault]
    this.#link.refused(label)
    this.#link.toClient(answer, 0, answer.length)
    this.#status = status
    this.#over('app', 'refused')
  }

  /** `cut`: a response that has begun cannot be completed, and must not look complete. */
  #over(who: EndWho, why: EndWhy, cut = false): void {
    this.#line.drop()
    this.#end()
    if (cut) this.#link.resetClient(who, why)
    else this.#link.finClient(who, why)
  }

  #end(): void {
    const inFlight = this.#stage !== 'idle' && this.#stage !== 'over'
    this.#stage = 'over'
    this.#held.take()
    this.#line.release()
    if (inFlight) this.#link.finished(this.#status)
  }
}
