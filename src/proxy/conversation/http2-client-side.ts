/**
 * The frames of an HTTP/2 client on their way to the app. Checks each frame by its head, tracks streams, inserts
 * X-Forwarded-For at the end of each request's field block, detects floods, and refuses streams because the connection
 * is going away. When it goes away is decided elsewhere. Pure. RFC 9113 §5 and §6, DESIGN §1.
 *
 * Long, because a field block spans frames: what a frame means depends on the block that is open.
 */

import { FieldWalk } from '../../protocol/http2/field-walk.ts'
import { floodOf } from '../../protocol/http2/floods.ts'
import * as h2 from '../../protocol/http2/frame.ts'
import { type Guard, MAX_BLOCK_FRAMES } from '../../protocol/http2/guard.ts'
import { faultOf } from '../../protocol/http2/rules.ts'
import type { AppSettings } from '../../protocol/http2/settings.ts'
import type { Stream, Streams } from '../../protocol/http2/streams.ts'
import type { Refusal } from '../../words.ts'
import { FrameRelay } from './frame-relay.ts'
import type { Terms } from './link.ts'

/** What the client's side reports to the conversation. */
export interface ClientHeard {
  /** The connection has to end with this error. */
  fault(error: number, label: Refusal): void
  began(stream: Stream): void
  /** A field block begins; it has as long as a request head. */
  blockBegan(): void
  ended(stream: Stream): void
  /** A stream was refused, or could not continue: from then on, nothing of it reached the app. */
  turnedAway(stream: number, error: number): void
  /** Bytes that count for flow control but will never reach the app. */
  discarded(bytes: number): void
  /** The ACK of a PING; returns whether it answers ours. */
  pinged(opaque: Buffer): boolean
}

export interface Shared {
  readonly terms: Terms
  readonly streams: Streams
  readonly settings: AppSettings
  readonly guard: Guard
  /** The X-Forwarded-For field, if it is to be inserted. */
  readonly forwarded: Buffer | undefined
}

/**
 * The current field block. `request` opens a stream. `more` belongs to a stream that exists or has existed (trailers),
 * or that the app has refused in advance. `refused` belongs to a stream above our final GOAWAY; it is read only to find
 * out whether the app's decoder misses something. `lost`: after such a miss, a block that the app could not decode.
 */
type BlockKind = 'request' | 'more' | 'refused' | 'lost'

export class ClientSide {
  /** Streams above this one are refused: our GOAWAY said so. */
  lastAllowed = Infinity
  /** The app has said that it will not process streams above this one. */
  lastOfApp = Infinity
  readonly relay: FrameRelay
  readonly #shared: Shared
  readonly #heard: ClientHeard
  readonly #walk = new FieldWalk()
  #first = true
  /** The stream of the current field block, or 0. */
  #block = 0
  #kind: BlockKind = 'more'
  #blockEndsStream = false
  #blockBytes = 0
  #blockFrames = 0
  /** Bytes of the block still to come in this frame; padding may follow. */
  #fragmentLeft = 0
  /** Where the field goes if the block ends with this frame: into the frame, or into a CONTINUATION behind it. */
  #insertion: 'none' | 'within' | 'behind' = 'none'
  #lastRefused = 0
  /** The app's decoder has missed changes to its table. */
  #missed = false

  constructor(shared: Shared, heard: ClientHeard, out: (bytes: Buffer, start: number, end: number) => void) {
    this.#shared = shared
    this.#heard = heard
    this.relay = new FrameRelay(this, out)
  }

  get inBlock(): boolean {
    return this.#block !== 0
  }

  frameBegins(frame: h2.FrameCursor): 'pass' | 'drop' {
    const { streams, settings, terms } = this.#shared
    const error = faultOf(frame, {
      first: this.#first,
      block: this.#block,
      lastStream: Math.max(streams.lastClient, this.#lastRefused),
      maxFrame: settings.maxFrame,
    })
    if (error !== h2.NO_ERROR) return this.#fault(error)
    this.#first = false
    const isAck = frame.type === h2.PING && (frame.flags & h2.ACK) !== 0
    const { headBytes, payloadStart, headEnd } = frame
    if (isAck && this.#heard.pinged(headBytes.subarray(payloadStart, headEnd))) return 'drop'
    const flood = floodOf(frame, this.#shared, terms.now)
    if (flood !== undefined) return this.#calm(flood)
    switch (frame.type) {
      case h2.HEADERS:
        return this.#headersBegin(frame)
      case h2.CONTINUATION:
        return this.#fragmentBegins(frame, frame.length)
      case h2.DATA:
        if (!this.#isRefused(frame.stream)) return 'pass'
        if (frame.length > 0) this.#heard.discarded(frame.length)
        return 'drop'
      case h2.RST_STREAM:
      case h2.WINDOW_UPDATE:
        return this.#isRefused(frame.stream) ? 'drop' : 'pass'
      case h2.GOAWAY: {
        const last = headBytes.readUInt32BE(payloadStart) & h2.MAX_STREAM
        for (const stream of streams.abandon('client', last)) this.#heard.ended(stream)
        return 'pass'
      }
      default:
        return 'pass'
    }
  }

  framePayload(bytes: Buffer, start: number, end: number): void {
    const to = Math.min(end, start + this.#fragmentLeft)
    this.#fragmentLeft -= to - start
    if (!this.#walk.advance(bytes, start, to)) return this.#compressionFault()
    if (this.#fragmentLeft > 0 || this.#insertion !== 'within') return
    this.#insertion = 'none'
    if (this.#fieldsAreWhole()) this.relay.putAt(to, this.#shared.forwarded!)
  }

  frameEnds(frame: h2.FrameCursor): void {
    const { streams } = this.#shared
    switch (frame.type) {
      case h2.HEADERS:
      case h2.CONTINUATION:
        if ((frame.flags & h2.END_HEADERS) !== 0) this.#blockEnds()
        break
      case h2.DATA:
        if ((frame.flags & h2.END_STREAM) !== 0) this.#done(frame.stream)
        break
      case h2.RST_STREAM:
        this.#tell(streams.close(frame.stream))
        break
      default:
    }
  }

  // -- field blocks ----------------------------------------------------------------------------------------------

  #headersBegin(frame: h2.FrameCursor): 'pass' | 'drop' {
    const { flags, stream } = frame
    this.#block = stream
    this.#blockEndsStream = (flags & h2.END_STREAM) !== 0
    this.#blockBytes = 0
    this.#blockFrames = 0
    this.#kind = this.#opens(stream)
    this.#walk.reset()
    // The head of the frame includes the length of the padding, but not the padding.
    const padding = Math.max(0, h2.paddingOf(frame) - 1)
    return this.#fragmentBegins(frame, frame.left - padding)
  }

  /** Returns what a field block on this stream is; registers the stream if it is new. */
  #opens(stream: number): BlockKind {
    const { streams, terms } = this.#shared
    this.#heard.blockBegan()
    if (stream > this.lastAllowed) return 'refused'
    if (stream <= streams.lastClient || stream > this.lastOfApp) {
      streams.lastClient = Math.max(streams.lastClient, stream)
      return this.#missed ? 'lost' : 'more'
    }
    this.#heard.began(streams.begin(stream, terms.now))
    return 'request'
  }

  #fragmentBegins(frame: h2.FrameCursor, length: number): 'pass' | 'drop' {
    const isContinuation = frame.type === h2.CONTINUATION
    this.#fragmentLeft = length
    this.#blockBytes += length
    this.#blockFrames += 1
    if (this.#blockFrames > MAX_BLOCK_FRAMES) return this.#calm('continuation-flood')
    if (this.#blockBytes > this.#shared.terms.maxHeadBytes)
      return this.#calm(isContinuation ? 'continuation-flood' : 'head-too-large')
    if (this.#kind === 'refused') this.relay.look = true
    if (this.#kind === 'refused' || this.#kind === 'lost') return 'drop'
    if (this.#kind !== 'request') return 'pass'
    this.relay.look = true
    this.#prepareInsertion(frame)
    return 'pass'
  }

  /**
   * The block ends with this frame, so its head must contain the new length, or say that another frame follows (RFC
   * 9113 §6.10).
   */
  #prepareInsertion(frame: h2.FrameCursor): void {
    const { forwarded, settings } = this.#shared
    this.#insertion = 'none'
    if (forwarded === undefined || (frame.flags & h2.END_HEADERS) === 0) return
    const fits = frame.length + forwarded.length <= settings.maxFrame
    this.#insertion = fits ? 'within' : 'behind'
    this.relay.replaceHead(
      h2.headWith(frame.headBytes, frame.headStart, frame.headEnd, {
        length: fits ? frame.length + forwarded.length : frame.length,
        flags: fits ? frame.flags : frame.flags & ~h2.END_HEADERS,
      }),
    )
  }

  #blockEnds(): void {
    const { streams, forwarded } = this.#shared
    const stream = this.#block
    switch (this.#kind) {
      case 'request': {
        if (!this.#fieldsAreWhole()) return
        if (this.#insertion === 'behind') this.relay.put(h2.lastContinuation(stream, forwarded!))
        const entry = streams.get(stream)
        if (entry !== undefined) entry.method = this.#walk.method
        break
      }
      case 'refused':
        this.#missed ||= this.#walk.changesTable
        if (stream > this.#lastRefused) this.#heard.turnedAway(stream, h2.REFUSED_STREAM)
        this.#lastRefused = Math.max(this.#lastRefused, stream)
        break
      case 'lost': {
        const lost = streams.close(stream)
        if (lost === undefined) break
        this.relay.put(h2.rstStream(stream, h2.CANCEL))
        this.#heard.turnedAway(stream, h2.INTERNAL_ERROR)
        this.#heard.ended(lost)
        break
      }
      case 'more':
    }
    this.#block = 0
    if (this.#blockEndsStream) this.#done(stream)
  }

  /**
   * RFC 7541 §6: a block is a sequence of fields. If it ended within a field, that field would swallow the inserted
   * one.
   */
  #fieldsAreWhole(): boolean {
    if (this.#walk.between) return true
    this.#compressionFault()
    return false
  }

  // -- both ----------------------------------------------------------------------------------------------------

  #isRefused(stream: number): boolean {
    return stream % 2 === 1 && stream > this.lastAllowed
  }

  #tell(stream: Stream | undefined): void {
    if (stream !== undefined) this.#heard.ended(stream)
  }

  #done(id: number): void {
    const stream = this.#shared.streams.done(id, 'client')
    if (stream === undefined) return
    this.#shared.guard.completed()
    this.#heard.ended(stream)
  }

  #calm(label: Refusal): 'drop' {
    this.#heard.fault(h2.ENHANCE_YOUR_CALM, label)
    return 'drop'
  }

  #compressionFault(): void {
    this.#heard.fault(h2.COMPRESSION_ERROR, 'http2')
  }

  #fault(error: number): 'drop' {
    this.#heard.fault(error, 'http2')
    return 'drop'
  }
}
