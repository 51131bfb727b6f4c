/**
 * The brain of one client connection that speaks HTTP/1.1, paired with at most one app connection: bytes in, orders
 * out. It knows where messages begin and end, and so what is in flight and where a byte may be put in. It knows no
 * sockets and no timers: `Link` is its hands, `Terms` what holds for everybody at the moment.
 * DESIGN §1 and §2; RFC 9112.
 */

import { type AppFault, APP_ANSWERS, healthAnswer, refusalAnswer } from '../http1/answer.ts'
import { ByteStore } from '../http1/byte-store.ts'
import { CR, LF } from '../http1/bytes.ts'
import { ChunkCursor } from '../http1/chunked.ts'
import { farewell } from '../http1/farewell.ts'
import { HeadBuffer } from '../http1/head-buffer.ts'
import { refusalRow, REFUSE } from '../http1/refusal.ts'
import { METHOD_GET, METHOD_HEAD, MORE, parseRequestHead, RequestHead } from '../http1/request-head.ts'
import { CHUNKED, OPAQUE, parseResponseHead, ResponseHead, UNTIL_CLOSE } from '../http1/response-head.ts'
import type { EndWho, EndWhy } from './counters.ts'
import type { Link, Talk, Terms } from './link.ts'

/** A request with a body, or one that is not idempotent, is not sent on a connection idle for longer (DESIGN §2). */
export const FRESH_MS = 1000
/** Bytes of a client that are kept while they cannot be sent on; then its reading is paused. */
export const MAX_HELD = 64 * 1024
/** The app's heads are trusted, but not without end. A longer one turns the pair opaque. */
const MAX_RESPONSE_HEAD = 256 * 1024
/** The end of a head, when nothing is put in before it. */
const EMPTY_LINE = Buffer.from('\r\n')

/** Where the client's side stands. */
const HEAD = 0
const LENGTH = 1
const CHUNKS = 2
const SENT = 3
const TUNNEL = 4
const OVER = 5
/** Where the app's side stands, with `HEAD`, `LENGTH`, `CHUNKS` and `TUNNEL` as above. */
const IDLE = 6
/** A response without a body has been read: for a moment only. */
const REST = 7
/** The response has ended before its request has. */
const EARLY = 8
/** The body goes on until the app closes. */
const UNTIL = 9

/** The app connection. */
const NONE = 0
const DIALING = 1
const OPEN = 2

// Facts of the head just parsed: read at once, so that one of each serves all conversations.
const requestHead = new RequestHead()
const responseHead = new ResponseHead()

export class Conversation implements Talk {
  readonly #terms: Terms
  readonly #link: Link
  #client = HEAD
  #app = IDLE
  #connection = NONE
  /** The client has said that it will send no more. */
  #clientEnded = false
  /** The same for the app, in a tunnel. */
  #appEnded = false
  /** A request is in flight: its first byte has been seen. */
  #busy = false
  #method = METHOD_GET
  #persistent = true
  #http10 = false
  #upgrade = false
  #replayable = false
  #replayed = false
  /** Bytes of the final response have gone to the client. */
  #answering = false
  #status = 0
  #clientLeft = 0
  #appLeft = 0
  #idleSince = 0
  #clientChunks: ChunkCursor | undefined
  #appChunks: ChunkCursor | undefined
  #clientHead: HeadBuffer | undefined
  #appHead: HeadBuffer | undefined
  /** For the app, while there is no connection to it; also what is sent again if that fails (see `#replayable`). */
  readonly #waiting = new ByteStore()
  /** The client's next requests, while a response is under way. */
  readonly #held = new ByteStore()
  #paused = false

  constructor(terms: Terms, link: Link) {
    this.#terms = terms
    this.#link = link
  }

  /** Nothing in flight, nothing half said: the connection may be closed without losing anything. */
  get idle(): boolean {
    return !this.#busy && this.#client !== TUNNEL
  }

  /** Ends the connection if nothing is in flight on it; the client sees a FIN and goes elsewhere. */
  closeIfIdle(): void {
    if (this.idle && this.#client === HEAD) this.#over('lastcall', 'drained')
  }

  /** Ends the connection if nothing has been in flight for longer than the idle timeout. */
  idleTimedOut(): void {
    if (this.idle && this.#client === HEAD) this.#over('lastcall', 'timeout')
  }

  /** A head has begun and not ended. */
  get inHead(): boolean {
    return this.#clientHead !== undefined
  }

  /** Bytes from the client. */
  fromClient(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      switch (this.#client) {
        case HEAD:
          at = this.#takeRequestHead(bytes, at, end)
          break
        case LENGTH:
        case CHUNKS: {
          const to = this.#requestBody(bytes, at, end)
          if (to < 0) return this.#refuseBody(to)
          this.#sendToApp(bytes, at, to)
          at = to
          this.#requestMayBeOver()
          break
        }
        case SENT:
          this.#hold(bytes, at, end)
          return
        case TUNNEL:
          this.#sendToApp(bytes, at, end)
          return
        default:
          return // OVER: lingering, what comes is thrown away.
      }
    }
  }

  /** The client sends no more (FIN). */
  clientEnded(): void {
    this.#clientEnded = true
    switch (this.#client) {
      case HEAD:
        return this.#abandon('closed')
      case LENGTH:
      case CHUNKS:
        return this.#abandon('aborted')
      case SENT:
        // Faithful: the app sees what it would see without us, and decides whether to go on.
        if (this.#held.length === 0 && this.#connection === OPEN) this.#link.finApp()
        return
      case TUNNEL:
        if (this.#appEnded) return this.#over('client', 'closed')
        if (this.#connection === OPEN) this.#link.finApp()
        return
      default:
    }
  }

  /** The client's connection broke: the app is told at once, so that it can cancel its work. */
  clientGone(): void {
    this.#dropApp()
    this.#client = OVER
    this.#finish(this.#status)
  }

  /** The head did not arrive in time. */
  headTimedOut(): void {
    if (this.#clientHead !== undefined) this.#refuse(REFUSE.headTimeout)
  }

  /** The connection that `dial` asked for is there. */
  appOpen(): void {
    this.#connection = OPEN
    this.#link.toApp(this.#waiting.bytes, 0, this.#waiting.length)
    if (!this.#replayable) this.#waiting.clear()
    this.#pause(false)
    if (this.#clientEnded && this.#client === SENT && this.#held.length === 0) this.#link.finApp()
  }

  /** The connection that `dial` asked for cannot be had. */
  appFailed(fault: AppFault): void {
    this.#connection = NONE
    this.#answerFault(fault)
  }

  /** Bytes from the app. */
  fromApp(bytes: Buffer, start: number, end: number): void {
    let sent = start
    let at = start
    while (at < end) {
      switch (this.#app) {
        case HEAD: {
          if (this.#appHead !== undefined) {
            at = this.#gatherResponseHead(bytes, at, end)
            sent = at
            break
          }
          const headEnd = parseResponseHead(bytes, at, end, responseHead)
          if (headEnd === MORE) {
            this.#appHead = new HeadBuffer(MAX_RESPONSE_HEAD, false)
            this.#link.toClient(bytes, sent, at)
            break
          }
          if (headEnd === OPAQUE) {
            this.#turnOpaque()
            break
          }
          if (this.#saysFarewell()) {
            this.#link.toClient(bytes, sent, at)
            this.#sendFarewell(bytes, at, headEnd)
            sent = headEnd
          }
          at = headEnd
          this.#responseBegins()
          if (this.#responseIsWhole()) {
            this.#link.toClient(bytes, sent, at)
            sent = at
            this.#responseOver()
          }
          break
        }
        case LENGTH: {
          const take = Math.min(this.#appLeft, end - at)
          this.#appLeft -= take
          at += take
          if (this.#appLeft > 0) break
          this.#link.toClient(bytes, sent, at)
          sent = at
          this.#responseOver()
          break
        }
        case CHUNKS: {
          const to = this.#appChunks!.advance(bytes, at, end)
          if (to < 0) {
            this.#turnOpaque()
            break
          }
          at = to
          if (!this.#appChunks!.done) break
          this.#link.toClient(bytes, sent, at)
          sent = at
          this.#responseOver()
          break
        }
        case TUNNEL:
        case UNTIL:
          at = end
          break
        default:
          // Bytes that nobody asked for (IDLE, EARLY): on to the next client answer they must never get.
          if (this.#client !== OVER) this.#appBroke()
          return
      }
    }
    if (sent < end && this.#client !== OVER) this.#link.toClient(bytes, sent, end)
  }

  /** The app sends no more (FIN). */
  appEnded(): void {
    if (this.#client === OVER) return
    switch (this.#app) {
      case IDLE:
        // Its idle close is not the client's problem: the next request dials again.
        return this.#dropApp()
      case TUNNEL:
        this.#appEnded = true
        return this.#clientEnded ? this.#over('app', 'closed') : this.#link.halfCloseClient()
      case EARLY:
      case UNTIL:
        return this.#over('app', 'closed')
      default:
        return this.#appBroke()
    }
  }

  /** The app's connection broke. */
  appGone(): void {
    this.#connection = NONE
    if (this.#client === OVER) return
    if (this.#app === EARLY) return this.#over('app', 'closed')
    this.#appBroke()
  }

  // -- the request ---------------------------------------------------------------------------------------------

  #takeRequestHead(bytes: Buffer, start: number, end: number): number {
    let at = start
    if (this.#clientHead === undefined) {
      // RFC 9112 §2.2: empty lines before a request are ignored. They begin nothing, so they are not in flight.
      while (
        at < end &&
        !this.#busy &&
        (bytes[at] === LF ? at > start && bytes[at - 1] === CR : bytes[at] === CR)
      ) {
        if (bytes[at] === CR && at + 1 < end && bytes[at + 1] !== LF) break
        at += 1
      }
      if (at === end) return end
      if (!this.#busy) this.#begin()
      const headEnd = parseRequestHead(bytes, at, end, this.#terms.maxHeadBytes, requestHead)
      if (headEnd < 0) return this.#refuse(headEnd, end)
      if (headEnd > 0) return this.#requestBegins(bytes, at, headEnd, end)
      this.#clientHead = new HeadBuffer(this.#terms.maxHeadBytes, true)
    }
    const head = this.#clientHead
    const gathered = head.take(bytes, at, end)
    if (gathered === 'bare-lf') return this.#refuse(REFUSE.bareLf, end)
    if (gathered === 'too-long')
      return this.#refuse(head.pastFirstLine ? REFUSE.headTooLarge : REFUSE.targetTooLong, end)
    if (gathered === 'more') return end
    this.#clientHead = undefined
    const headEnd = parseRequestHead(head.bytes, 0, head.length, this.#terms.maxHeadBytes, requestHead)
    // Every line has ended in CRLF and the last is empty: what is not understood by now never will be.
    if (headEnd !== head.length) return this.#refuse(headEnd < 0 ? headEnd : REFUSE.requestLine, end)
    this.#requestBegins(head.bytes, 0, headEnd, headEnd)
    return head.taken
  }

  #begin(): void {
    this.#busy = true
    this.#status = 0
    this.#answering = false
    this.#link.began('http1')
  }

  /** The head in `bytes[start..headEnd)` is good. Sends it on with what is there of the body; returns what was used. */
  #requestBegins(bytes: Buffer, start: number, headEnd: number, end: number): number {
    const head = requestHead
    this.#method = head.method
    this.#persistent = head.persistent
    this.#http10 = head.minor === 0
    this.#upgrade = head.upgrade !== 'none'
    this.#replayable = head.idempotent && head.length === 0 && !this.#upgrade
    this.#replayed = false
    const lbHealth = this.#isLbHealth(bytes, head)
    this.#link.requested(head.method, head.probe || lbHealth, bytes, head.targetStart, head.targetEnd)
    if (lbHealth) return this.#answerLbHealth(headEnd, end)

    if (head.length === 0) this.#client = SENT
    else if (head.length > 0) {
      this.#client = LENGTH
      this.#clientLeft = head.length
    } else {
      this.#client = CHUNKS
      this.#clientChunks ??= new ChunkCursor(true, this.#terms.maxHeadBytes)
      this.#clientChunks.reset()
    }
    this.#app = HEAD

    if (this.#connection === OPEN && !this.#replayable && this.#terms.now - this.#idleSince > FRESH_MS)
      this.#dropApp()
    this.#waiting.clear()
    const line = this.#terms.forwardedFor ? this.#link.forwardedLine() : EMPTY_LINE
    if (this.#connection === OPEN) {
      this.#link.toApp(bytes, start, headEnd - 2)
      this.#link.toApp(line, 0, line.length)
    }
    if (this.#connection !== OPEN || this.#replayable) {
      this.#waiting.add(bytes, start, headEnd - 2)
      this.#waiting.add(line, 0, line.length)
    }
    if (this.#connection === NONE) this.#dial()
    return headEnd
  }

  #dial(): void {
    this.#connection = DIALING
    this.#link.dial()
  }

  #isLbHealth(bytes: Buffer, head: RequestHead): boolean {
    const path = this.#terms.lbHealthPath
    if (path === undefined || head.method > METHOD_HEAD || head.length !== 0) return false
    const length = head.targetEnd - head.targetStart
    if (length !== path.length && !(length > path.length && bytes[head.targetStart + path.length] === 0x3f))
      return false
    return path.compare(bytes, head.targetStart, head.targetStart + path.length) === 0
  }

  #answerLbHealth(headEnd: number, end: number): number {
    const persistent = this.#persistent && !this.#terms.parting
    const answer = healthAnswer(this.#terms.lbHealthy, persistent, this.#method === METHOD_HEAD)
    this.#link.toClient(answer, 0, answer.length)
    this.#finish(this.#terms.lbHealthy ? 200 : 503)
    if (persistent) return headEnd
    this.#over('lastcall', 'closed')
    return end
  }

  /** Moves over the request's body; returns its end, or a refusal. */
  #requestBody(bytes: Buffer, start: number, end: number): number {
    if (this.#client === CHUNKS) return this.#clientChunks!.advance(bytes, start, end)
    const take = Math.min(this.#clientLeft, end - start)
    this.#clientLeft -= take
    return start + take
  }

  #requestMayBeOver(): void {
    const over = this.#client === CHUNKS ? this.#clientChunks!.done : this.#clientLeft === 0
    if (!over) return
    this.#client = SENT
    if (this.#app === EARLY) this.#exchangeOver()
  }

  #sendToApp(bytes: Buffer, start: number, end: number): void {
    if (this.#connection === OPEN) this.#link.toApp(bytes, start, end)
    else if (this.#connection === DIALING) {
      this.#waiting.add(bytes, start, end)
      if (this.#waiting.length > MAX_HELD) this.#pause(true)
    }
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    this.#held.add(bytes, start, end)
    if (this.#held.length > MAX_HELD) this.#pause(true)
  }

  #pause(on: boolean): void {
    if (this.#paused === on) return
    this.#paused = on
    this.#link.pauseClient(on)
  }

  /** Answers a request that is refused; no byte of it has been sent on. Returns `end`: nothing after it counts. */
  #refuse(verdict: number, end = 0): number {
    const { status, label } = refusalRow(verdict)
    const answer = refusalAnswer(verdict)
    this.#clientHead = undefined
    this.#link.refused(label)
    this.#link.toClient(answer, 0, answer.length)
    this.#finish(status)
    this.#over('lastcall', 'refused')
    return end
  }

  /** A body that is malformed: the app has the head already, so it is cut off first. */
  #refuseBody(verdict: number): void {
    this.#dropApp()
    if (!this.#answering) {
      this.#refuse(verdict)
      return
    }
    if (this.#app === EARLY) return this.#over('lastcall', 'refused')
    this.#link.refused(refusalRow(verdict).label)
    this.#cut('lastcall', 'refused')
  }

  // -- the response --------------------------------------------------------------------------------------------

  /** Takes a head that comes in pieces; sends it when it is whole. Returns the offset behind what it took. */
  #gatherResponseHead(bytes: Buffer, start: number, end: number): number {
    const head = this.#appHead!
    const gathered = head.take(bytes, start, end)
    if (gathered === 'more') return head.taken
    this.#appHead = undefined
    const headEnd =
      gathered === 'complete' ? parseResponseHead(head.bytes, 0, head.length, responseHead) : OPAQUE
    if (headEnd <= 0) {
      this.#turnOpaque()
      this.#link.toClient(head.bytes, 0, head.length)
      return head.taken
    }
    if (this.#saysFarewell()) this.#sendFarewell(head.bytes, 0, headEnd)
    else this.#link.toClient(head.bytes, 0, headEnd)
    this.#responseBegins()
    if (this.#responseIsWhole()) this.#responseOver()
    return head.taken
  }

  /** The last response that this client gets from us says so; one whose successor is waiting is not the last. */
  #saysFarewell(): boolean {
    if (!this.#terms.parting || responseHead.status < 200 || this.#held.length > 0) return false
    return (
      this.#persistent &&
      responseHead.persistent &&
      responseHead.frame(this.#method === METHOD_HEAD) !== UNTIL_CLOSE
    )
  }

  #sendFarewell(bytes: Buffer, start: number, end: number): void {
    const told = farewell(bytes, start, end)
    this.#persistent = false
    this.#link.toClient(told, 0, told.length)
  }

  /** The facts of a response's head are known: decides how its body ends. */
  #responseBegins(): void {
    const head = responseHead
    if (this.#replayable) {
      this.#replayable = false
      this.#waiting.clear()
    }
    if (head.status === 101) return this.#upgrade ? this.#turnTunnel() : this.#turnOpaque()
    if (head.status < 200) return // RFC 9110 §15.2: interim, the final one follows.
    this.#status = head.status
    this.#answering = true
    // RFC 9112 §9.3: an HTTP/1.0 client is kept only if the app says so to it.
    if (!head.persistent || (this.#http10 && !head.keepAlive)) this.#persistent = false
    const length = head.frame(this.#method === METHOD_HEAD)
    if (length === CHUNKED) {
      this.#app = CHUNKS
      this.#appChunks ??= new ChunkCursor(false, Infinity)
      this.#appChunks.reset()
    } else if (length === 0) this.#app = REST
    else if (length === UNTIL_CLOSE) {
      this.#app = UNTIL
      this.#persistent = false
    } else {
      this.#app = LENGTH
      this.#appLeft = length
    }
  }

  #responseIsWhole(): boolean {
    return this.#app === REST
  }

  /** The whole response has gone to the client. */
  #responseOver(): void {
    if (this.#client === SENT) this.#exchangeOver()
    else this.#app = EARLY
  }

  /** Both messages are complete: the connection is idle again, or it was the last exchange. */
  #exchangeOver(): void {
    this.#app = IDLE
    this.#client = HEAD
    this.#idleSince = this.#terms.now
    this.#finish(this.#status)
    if (!this.#persistent || (this.#clientEnded && this.#held.length === 0)) {
      this.#over('lastcall', this.#terms.parting ? 'drained' : 'closed')
      return
    }
    if (this.#held.length === 0) return
    const { bytes, length } = this.#held
    this.#held.release()
    this.#pause(false)
    this.fromClient(bytes, 0, length)
    if (this.#clientEnded) this.clientEnded()
  }

  #turnTunnel(): void {
    this.#app = TUNNEL
    this.#client = TUNNEL
    this.#status = 101
    this.#answering = true
    this.#link.became('tunnel')
    this.#releaseHeld()
  }

  /** What the app says is not understood: bytes flow on unchanged, nothing is put in, until a side closes. */
  #turnOpaque(): void {
    this.#app = TUNNEL
    this.#client = TUNNEL
    this.#answering = true
    this.#replayable = false
    this.#link.became('opaque')
    this.#releaseHeld()
  }

  #releaseHeld(): void {
    if (this.#held.length > 0) {
      this.#link.toApp(this.#held.bytes, 0, this.#held.length)
      this.#held.release()
      this.#pause(false)
    }
    if (this.#clientEnded && this.#connection === OPEN) this.#link.finApp()
  }

  // -- endings -------------------------------------------------------------------------------------------------

  /** The app's connection ended where it should not have. */
  #appBroke(): void {
    this.#dropApp()
    if (this.#app === IDLE) return
    if (this.#app === EARLY) return this.#over('app', 'closed')
    if (this.#answering) return this.#cut('app', 'reset')
    if (this.#replayable && !this.#replayed && this.#appHead === undefined) {
      this.#replayed = true
      return this.#dial()
    }
    this.#answerFault(this.#appHead === undefined ? 'failed' : 'cutHead')
  }

  #answerFault(fault: AppFault): void {
    const answer = APP_ANSWERS[fault]
    this.#appHead = undefined
    this.#link.refused(
      fault === 'timeout'
        ? 'app-timeout'
        : fault === 'failed' || fault === 'cutHead'
          ? 'app-failed'
          : 'app-unavailable',
    )
    this.#link.toClient(answer, 0, answer.length)
    this.#finish(fault === 'timeout' ? 504 : fault === 'failed' || fault === 'cutHead' ? 502 : 503)
    this.#over('app', 'refused')
  }

  /** The client left before its request was whole. */
  #abandon(why: EndWhy): void {
    this.#clientHead = undefined
    this.#finish(this.#status)
    this.#over('client', why)
  }

  /** A response that has begun cannot be completed. */
  #cut(who: EndWho, why: EndWhy): void {
    this.#dropApp()
    this.#client = OVER
    this.#finish(this.#status)
    this.#link.resetClient(who, why)
  }

  #over(who: EndWho, why: EndWhy): void {
    this.#dropApp()
    this.#client = OVER
    this.#held.release()
    this.#waiting.release()
    this.#finish(this.#status)
    this.#pause(false)
    this.#link.finClient(who, why)
  }

  #finish(status: number): void {
    if (!this.#busy) return
    this.#busy = false
    this.#link.finished(status)
  }

  #dropApp(): void {
    if (this.#connection === NONE) return
    this.#connection = NONE
    this.#link.dropApp()
  }
}
