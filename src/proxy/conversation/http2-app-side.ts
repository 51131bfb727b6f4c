/**
 * What an HTTP/2 app says, on its way to the client: trusted, and passed on as it is. It is watched for the streams
 * that end, for the frame size that the app takes, for its own GOAWAY, and for the places where a frame of ours may
 * stand. Pure. RFC 9113 §6.
 */

import * as h2 from '../../protocol/http2/frame.ts'
import { blamesClient } from '../../protocol/http2/guard.ts'
import type { Stream } from '../../protocol/http2/streams.ts'
import type { Refusal } from '../../words.ts'
import { FrameRelay } from './frame-relay.ts'
import type { Shared } from './http2-client-side.ts'

/** What the conversation hears of its app. */
export interface AppHeard {
  /** The connection has to end with this error. */
  fault(error: number, label: Refusal): void
  /** The app has pushed a stream. */
  began(stream: Stream): void
  ended(stream: Stream): void
  /** The app goes away; it looks at no stream above `last`. */
  goesAway(last: number): void
  /** A place between frames, and not within a field block: something may be put in. */
  between(): void
}

/** The statuses that every decoder knows from a single byte (RFC 7541, Appendix A, 8 to 14). */
const STATUSES = [200, 204, 206, 304, 400, 404, 500]
const FIRST_STATUS = 0x88

export class AppSide {
  /** What we have said in a last GOAWAY: the app must not say more (RFC 9113 §6.8). */
  lastAllowed = h2.MAX_STREAM
  readonly relay: FrameRelay
  readonly #shared: Shared
  readonly #heard: AppHeard
  #greeted = false
  /** Of what this block is: its stream, and whether that ends with it. 0: none is under way. */
  #block = 0
  #blockEndsStream = false
  #looksForStatus = false
  /** The app resets a stream and says that its client is to blame. */
  #blames = false

  constructor(shared: Shared, heard: AppHeard, out: (bytes: Buffer, start: number, end: number) => void) {
    this.#shared = shared
    this.#heard = heard
    this.relay = new FrameRelay(this, out)
  }

  /** The app has said its SETTINGS, which come first (RFC 9113 §3.4). */
  get greeted(): boolean {
    return this.#greeted
  }

  /** Whether a frame of ours may go to the client now. */
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

  /** A promised stream is as good as open: its client may reset it before anything of it comes (RFC 9113 §8.4). */
  #pushes(frame: h2.FrameCursor): void {
    const { headBytes, headEnd } = frame
    this.#block = frame.stream
    this.#blockEndsStream = false
    const promised = headBytes.readUInt32BE(headEnd - 4) & h2.MAX_STREAM
    const isNew = promised % 2 === 0 && this.#shared.streams.get(promised) === undefined
    if (promised !== 0 && isNew)
      this.#heard.began(this.#shared.streams.begin(promised, this.#shared.terms.now))
  }

  /** Passed on, but for what would let in again what we have refused. */
  #goaway(frame: h2.FrameCursor): 'pass' | 'drop' {
    const { headBytes, headStart, headEnd, payloadStart } = frame
    if (headEnd - payloadStart < 8) return 'pass'
    const last = headBytes.readUInt32BE(payloadStart) & h2.MAX_STREAM
    const error = headBytes.readUInt32BE(payloadStart + 4)
    for (const stream of this.#shared.streams.abandon('app', last)) this.#heard.ended(stream)
    this.#heard.goesAway(last)
    if (last <= this.lastAllowed) return 'pass'
    if (error === h2.NO_ERROR) return 'drop' // It says less than we have said.
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
   * CVE-2025-8671: a client can have streams reset by breaking a rule on each, and is rid of them as if by a reset of
   * its own. Only what was open counts: a reset of what is over is an answer to what crossed it.
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
