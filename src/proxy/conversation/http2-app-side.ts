/**
 * The frames of an HTTP/2 app on their way to the client. The app is trusted, so they pass unchanged. They are watched
 * for streams that end, for the app's frame size limit, for its GOAWAY, and for places where lastcall may insert a
 * frame. Pure. RFC 9113 §6.
 */

import * as h2 from '../../protocol/http2/frame.ts'
import { blamesClient } from '../../protocol/http2/guard.ts'
import type { Stream } from '../../protocol/http2/streams.ts'
import type { Refusal } from '../../words.ts'
import { FrameRelay } from './frame-relay.ts'
import type { Shared } from './http2-client-side.ts'

/** What the app's side reports to the conversation. */
export interface AppHeard {
  /** The connection has to end with this error. */
  fault(error: number, label: Refusal): void
  /** The app has pushed a stream. */
  began(stream: Stream): void
  ended(stream: Stream): void
  /** The app is going away and will not process streams above `last`. */
  goesAway(last: number): void
  /** Between two frames, outside of any field block: a frame may be inserted. */
  between(): void
}

/** The statuses that every decoder knows by a single byte (RFC 7541, Appendix A, 8 to 14). */
const STATUSES = [200, 204, 206, 304, 400, 404, 500]
const FIRST_STATUS = 0x88

export class AppSide {
  /** The last stream of our final GOAWAY: the app must not name a higher one (RFC 9113 §6.8). */
  lastAllowed = h2.MAX_STREAM
  readonly relay: FrameRelay
  readonly #shared: Shared
  readonly #heard: AppHeard
  #greeted = false
  /** The stream of the current field block, or 0; and whether the stream ends with it. */
  #block = 0
  #blockEndsStream = false
  #looksForStatus = false
  /** The app is resetting a stream, with an error that blames the client. */
  #blames = false

  constructor(shared: Shared, heard: AppHeard, out: (bytes: Buffer, start: number, end: number) => void) {
    this.#shared = shared
    this.#heard = heard
    this.relay = new FrameRelay(this, out)
  }

  /** The app has sent its SETTINGS, which come first (RFC 9113 §3.4). */
  get greeted(): boolean {
    return this.#greeted
  }

  /** Whether lastcall may now insert a frame towards the client. */
  get mayInsert(): boolean {
    return !this.relay.within && this.#block === 0
  }

  frameBegins(frame: h2.FrameCursor): 'pass' | 'drop' {
    switch (frame.type) {
      case h2.HEADERS:
        this.#block = frame.stream
        this.#blockEndsStream = (frame.flags & h2.END_STREAM) !== 0
        this.#looksForStatus = true
        this.relay.look = true
        this.#shared.guard.answered()
        return 'pass'
      case h2.DATA:
        this.#shared.guard.sentData(frame.length)
        return 'pass'
      case h2.RST_STREAM:
        this.#blames =
          frame.headEnd - frame.payloadStart === 4 &&
          blamesClient(frame.headBytes.readUInt32BE(frame.payloadStart))
        return 'pass'
      case h2.PING:
        if ((frame.flags & h2.ACK) === 0) this.#shared.guard.acks.owe(1)
        return 'pass'
      case h2.PUSH_PROMISE:
        this.#pushes(frame)
        return 'pass'
      case h2.SETTINGS:
        this.relay.look = (frame.flags & h2.ACK) === 0
        return 'pass'
      case h2.GOAWAY:
        return this.#goaway(frame)
      default:
        return 'pass'
    }
  }

  framePayload(bytes: Buffer, start: number, end: number): void {
    if (this.#block === 0) return this.#shared.settings.take(bytes, start, end)
    if (!this.#looksForStatus || start === end) return
    this.#looksForStatus = false
    const stream = this.#shared.streams.get(this.#block)
    if (stream === undefined || stream.status > 0) return
    stream.status = STATUSES[bytes[start]! - FIRST_STATUS] ?? -1
  }

  frameEnds(frame: h2.FrameCursor): void {
    const { settings } = this.#shared
    const { type, flags, stream } = frame
    switch (type) {
      case h2.HEADERS:
      case h2.PUSH_PROMISE:
      case h2.CONTINUATION:
        if ((flags & h2.END_HEADERS) === 0) return
        this.#block = 0
        if (this.#blockEndsStream) this.#done(stream)
        break
      case h2.DATA:
        if ((flags & h2.END_STREAM) !== 0) this.#done(stream)
        break
      case h2.RST_STREAM:
        this.#reset(stream)
        break
      case h2.SETTINGS:
        this.#greeted = true
        if ((flags & h2.ACK) === 0) settings.said()
        break
      default:
    }
    this.#heard.between()
  }

  /** A promised stream counts as open: its client may reset it before any frame of it arrives (RFC 9113 §8.4). */
  #pushes(frame: h2.FrameCursor): void {
    const { headBytes, headEnd } = frame
    this.#block = frame.stream
    this.#blockEndsStream = false
    const promised = headBytes.readUInt32BE(headEnd - 4) & h2.MAX_STREAM
    const isNew = promised % 2 === 0 && this.#shared.streams.get(promised) === undefined
    if (promised !== 0 && isNew)
      this.#heard.began(this.#shared.streams.begin(promised, this.#shared.terms.now))
  }

  /** Passes on the app's GOAWAY, but never with a higher last stream than ours. */
  #goaway(frame: h2.FrameCursor): 'pass' | 'drop' {
    const { headBytes, headStart, headEnd, payloadStart } = frame
    if (headEnd - payloadStart < 8) return 'pass'
    const last = headBytes.readUInt32BE(payloadStart) & h2.MAX_STREAM
    const error = headBytes.readUInt32BE(payloadStart + 4)
    for (const stream of this.#shared.streams.abandon('app', last)) this.#heard.ended(stream)
    this.#heard.goesAway(last)
    if (last <= this.lastAllowed) return 'pass'
    if (error === h2.NO_ERROR) return 'drop' // Ours already says more.
    const head = Buffer.from(headBytes.subarray(headStart, headEnd))
    head.writeUInt32BE(this.lastAllowed, h2.HEADER_BYTES)
    this.relay.replaceHead(head)
    return 'pass'
  }

  #done(id: number): void {
    const stream = this.#shared.streams.done(id, 'app')
    if (stream === undefined) return
    this.#shared.guard.completed()
    this.#heard.ended(stream)
  }

  /**
   * CVE-2025-8671: a client can make the app reset streams by breaking a rule on each, which frees it from them like
   * resets of its own. Only open streams count: a reset of a stream that is over answers frames that crossed it.
   */
  #reset(id: number): void {
    const { streams, guard, terms } = this.#shared
    const stream = streams.close(id)
    if (stream === undefined) return
    this.#heard.ended(stream)
    if (id % 2 === 1 && this.#blames && guard.floods('rapid-reset', terms.now))
      this.#heard.fault(h2.ENHANCE_YOUR_CALM, 'rapid-reset')
  }
}
