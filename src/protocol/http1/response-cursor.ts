/**
 * Moves over the bytes of an app, response by response. Pure, lenient: what it does not understand it calls opaque,
 * and the caller stops judging. The rules are in response-head.ts and chunked.ts.
 */

import { ChunkCursor } from './chunked.ts'
import { EventStream } from './event-stream.ts'
import { HeadBuffer } from './head-buffer.ts'
import { CHUNKED, MORE, OPAQUE, parseResponseHead, type ResponseHead, UNTIL_CLOSE } from './response-head.ts'

/** What `advance` found. */
export const WITHIN_HEAD = 1
/** A head is complete: see `headBytes`, `headStart`, `headEnd` and the facts in the head given. `begin` follows. */
export const HEAD_COMPLETE = 2
export const WITHIN_BODY = 3
export const BODY_COMPLETE = 4
/** Not understood: nothing was taken of this call's bytes, but see `gathered`. */
export const NOT_UNDERSTOOD = 5
/** Bytes that no request asked for. */
const UNASKED = 6

/** The app's heads are trusted, but not without end. */
const MAX_HEAD = 256 * 1024

const IDLE = 0
const HEAD = 1
const LENGTH = 2
const CHUNKS = 3
const UNTIL = 4

export class ResponseCursor {
  /** The offset behind what the last `advance` took. */
  at = 0
  headBytes: Buffer = Buffer.of()
  headStart = 0
  headEnd = 0
  #state = IDLE
  #left = 0
  #chunks: ChunkCursor | undefined
  #head: HeadBuffer | undefined

  /** A response is awaited, and some of its head has come. */
  get inHead(): boolean {
    return this.#head !== undefined
  }

  /** The body goes on until the app closes. */
  get untilClose(): boolean {
    return this.#state === UNTIL
  }

  /** Between two events of an event stream and between two of its chunks: where it may be ended. */
  get betweenEvents(): boolean {
    if (this.#state !== CHUNKS || this.#chunks!.events === undefined) return false
    return this.#chunks!.atChunkStart && this.#chunks!.events.between
  }

  /** A request has gone out: a response is awaited. */
  expect(): void {
    this.#state = HEAD
    this.#head = undefined
  }

  /** What was gathered of a head that is not understood, or of one that was cut: no byte of it was passed on. */
  get gathered(): Buffer {
    return this.#head === undefined ? Buffer.of() : this.#head.bytes.subarray(0, this.#head.length)
  }

  /** Moves over one part of `bytes[start..end)`: see `at` for how far. */
  advance(bytes: Buffer, start: number, end: number, head: ResponseHead): number {
    this.at = start
    switch (this.#state) {
      case HEAD:
        return this.#head === undefined
          ? this.#wholeHead(bytes, start, end, head)
          : this.#gather(bytes, start, end, head)
      case LENGTH: {
        const take = Math.min(this.#left, end - start)
        this.#left -= take
        this.at = start + take
        return this.#left > 0 ? WITHIN_BODY : this.#complete()
      }
      case CHUNKS: {
        const to = this.#chunks!.advance(bytes, start, end)
        if (to < 0) return NOT_UNDERSTOOD
        this.at = to
        return this.#chunks!.done ? this.#complete() : WITHIN_BODY
      }
      case UNTIL:
        this.at = end
        return WITHIN_BODY
      default:
        return UNASKED
    }
  }

  /**
   * The head is final: goes on to its body, which is framed as RFC 9112 §6.3 says. Returns whether there is none.
   * `eventSource`: an EventSource sent the request, so the relay may end an event stream between two events.
   * An interim head (1xx) is not final: the cursor then waits for the next head by itself.
   */
  begin(head: ResponseHead, toHead: boolean, eventSource: boolean): boolean {
    const length = head.frame(toHead)
    if (length === 0) {
      this.#state = IDLE
      return true
    }
    if (length === CHUNKED) {
      this.#state = CHUNKS
      this.#chunks ??= new ChunkCursor(false, Infinity)
      this.#chunks.reset()
      // What is compressed shows no events.
      const mayEnd = eventSource && head.eventStream && !head.encoded
      this.#chunks.events = mayEnd ? new EventStream() : undefined
    } else if (length === UNTIL_CLOSE) this.#state = UNTIL
    else {
      this.#state = LENGTH
      this.#left = length
    }
    return false
  }

  #complete(): number {
    this.#state = IDLE
    return BODY_COMPLETE
  }

  #wholeHead(bytes: Buffer, start: number, end: number, head: ResponseHead): number {
    const headEnd = parseResponseHead(bytes, start, end, head)
    if (headEnd === OPAQUE) return NOT_UNDERSTOOD
    if (headEnd === MORE) {
      this.#head = new HeadBuffer(MAX_HEAD, false)
      return this.#gather(bytes, start, end, head)
    }
    this.at = headEnd
    return this.#headComplete(bytes, start, headEnd)
  }

  #gather(bytes: Buffer, start: number, end: number, head: ResponseHead): number {
    const store = this.#head!
    const gathered = store.take(bytes, start, end)
    this.at = store.taken
    if (gathered === 'more') return WITHIN_HEAD
    const headEnd = gathered === 'complete' ? parseResponseHead(store.bytes, 0, store.length, head) : OPAQUE
    if (headEnd !== store.length) return NOT_UNDERSTOOD
    this.#head = undefined
    return this.#headComplete(store.bytes, 0, headEnd)
  }

  #headComplete(bytes: Buffer, start: number, end: number): number {
    this.headBytes = bytes
    this.headStart = start
    this.headEnd = end
    return HEAD_COMPLETE
  }
}
