/**
 * Moves over the bytes of an app, response by response, and finds where each head and each body ends. Lenient: if it does
 * not understand what comes it says so, and the caller relays the rest unread. The rules are in response-head.ts and
 * body-cursor.ts. Pure.
 */

import { BodyCursor } from './body-cursor.ts'
import { EventStream } from './event-stream.ts'
import { HeadBuffer } from './head-buffer.ts'
import { MORE, OPAQUE, parseResponseHead, type ResponseHead } from './response-head.ts'

/** What `advance` found. */
export const WITHIN_HEAD = 1
/**
 * A head is complete: it is `headBytes[headStart..headEnd)`, and its facts are in the head given. If it is final, the
 * caller calls `begin`.
 */
export const HEAD_COMPLETE = 2
export const WITHIN_BODY = 3
export const BODY_COMPLETE = 4
/** Not understood. Nothing was taken of the bytes given now; those taken earlier for a head are in `gathered`. */
export const NOT_UNDERSTOOD = 5
/** Bytes that no request asked for. */
const UNASKED = 6

/** Bounds the memory for a head that comes in pieces. The app is trusted, so it is generous; in bytes. */
const MAX_HEAD = 256 * 1024

const IDLE = 0
const HEAD = 1
const BODY = 2

export class ResponseCursor {
  /** The offset behind what the last `advance` took. */
  at = 0
  headBytes: Buffer = Buffer.of()
  headStart = 0
  headEnd = 0
  #state = IDLE
  readonly #body = new BodyCursor(false, Infinity)
  #head: HeadBuffer | undefined

  /** Some of a head has come, and not all of it. */
  get inHead(): boolean {
    return this.#head !== undefined
  }

  /** The body goes on until the app closes. */
  get untilClose(): boolean {
    return this.#state === BODY && this.#body.untilClose
  }

  /** The body is an event stream and may be ended here: the next byte begins a chunk, and no event is incomplete. */
  get betweenEvents(): boolean {
    return this.#state === BODY && this.#body.betweenEvents
  }

  /** A request has gone out: a response is awaited. */
  expect(): void {
    this.#state = HEAD
    this.#head = undefined
  }

  /** The bytes taken of a head that is not understood or not complete. The caller has passed on none of them. */
  get gathered(): Buffer {
    return this.#head === undefined ? Buffer.of() : this.#head.bytes.subarray(0, this.#head.length)
  }

  /**
   * Moves over one part of `bytes[start..end)`, which is not empty, and sets `at` behind it. Returns which part it was: one
   * of the constants above. `head` is filled in when a head is complete.
   */
  advance(bytes: Buffer, start: number, end: number, head: ResponseHead): number {
    this.at = start
    switch (this.#state) {
      case HEAD:
        return this.#head === undefined
          ? this.#wholeHead(bytes, start, end, head)
          : this.#gather(bytes, start, end, head)
      case BODY: {
        const to = this.#body.advance(bytes, start, end)
        if (to < 0) return NOT_UNDERSTOOD
        this.at = to
        if (!this.#body.done) return WITHIN_BODY
        this.#state = IDLE
        return BODY_COMPLETE
      }
      default:
        return UNASKED
    }
  }

  /**
   * The head is final: begins its body, which is framed as RFC 9112 §6.3 says. Returns whether there is no body. Without this
   * call, as behind an interim head (1xx), the cursor waits for the next head. `toHead`: the request was a HEAD.
   * `toGet`: it was a GET, so that an event stream may be ended between two events.
   */
  begin(head: ResponseHead, toHead: boolean, toGet: boolean): boolean {
    const length = head.frame(toHead)
    this.#state = length === 0 ? IDLE : BODY
    if (length === 0) return true
    // Events cannot be seen in a compressed body. A body that is not chunked cannot be ended early, and ignores them.
    const mayEnd = toGet && head.eventStream && !head.encoded
    this.#body.begin(length, mayEnd ? new EventStream() : undefined)
    return false
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
