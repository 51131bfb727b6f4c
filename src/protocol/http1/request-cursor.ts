/**
 * Moves over the bytes of a client, request by request, and finds where each head and each body ends. Keeps no bytes but
 * those of a head that comes in pieces. The rules are in request-parser.ts and body-cursor.ts; conversation/http1.ts acts on
 * what is found. Pure.
 */

import { BodyCursor } from './body-cursor.ts'
import { CR, LF } from './bytes.ts'
import { withoutH2c } from './h2c.ts'
import { HeadBuffer } from './head-buffer.ts'
import { PREFACE, prefaceIn } from './preface.ts'
import { REFUSE } from './refusal.ts'
import { MORE, type RequestHead } from './request-head.ts'
import { parseRequestHead } from './request-parser.ts'

/** What `advance` found; negative numbers are refusals (refusal.ts). */
const NOTHING_BEGUN = 0
export const WITHIN_HEAD = 1
/** A head is complete: it is `headBytes[headStart..headEnd)`, and its facts are in the head given. */
export const HEAD_COMPLETE = 2
export const WITHIN_BODY = 3
export const BODY_COMPLETE = 4
/** The request is complete, and nothing is taken until `next` is called. */
export const REQUEST_COMPLETE = 5
/** The connection began with the preface of HTTP/2, which is complete. What follows it is not for this cursor. */
export const HTTP2_PREFACE = 6

const EMPTY_LINES = 0
const HEAD = 1
const BODY = 2
const COMPLETE = 3
const PREFACE_REST = 4

export class RequestCursor {
  /** The offset behind what the last `advance` took. */
  at = 0
  headBytes: Buffer = Buffer.of()
  headStart = 0
  headEnd = 0
  readonly #maxHead: number
  #state = EMPTY_LINES
  #isFirst = true
  #sawCr = false
  /** Bytes of the preface of HTTP/2 that are still to come. */
  #prefaceLeft = 0
  readonly #body: BodyCursor
  #head: HeadBuffer | undefined

  /** `maxHead` in bytes bounds heads and trailer sections. */
  constructor(maxHead: number) {
    this.#maxHead = maxHead
    this.#body = new BodyCursor(true, maxHead)
  }

  /** Bytes of an incomplete head that are kept. */
  get kept(): number {
    return this.#head === undefined ? 0 : this.#head.length
  }

  /** A head has begun and not ended. */
  get inHead(): boolean {
    return this.#state === HEAD
  }

  /** Nothing of a request has come, or all of it has. */
  get between(): boolean {
    return this.#state === EMPTY_LINES || this.#state === COMPLETE
  }

  /** Makes ready for the next request. */
  next(): void {
    this.#state = EMPTY_LINES
    this.#isFirst = false
    this.#sawCr = false
    this.#head = undefined
  }

  /**
   * Moves over one part of `bytes[start..end)`, which is not empty, and sets `at` behind it. Returns which part it was: one
   * of the constants above, or a negative refusal. `head` is filled in when a head is complete.
   */
  advance(bytes: Buffer, start: number, end: number, head: RequestHead): number {
    switch (this.#state) {
      case EMPTY_LINES:
        return this.#emptyLines(bytes, start, end, head)
      case HEAD:
        return this.#gather(bytes, start, end, head)
      case BODY: {
        const to = this.#body.advance(bytes, start, end)
        if (to < 0) return to
        this.at = to
        if (!this.#body.done) return WITHIN_BODY
        this.#state = COMPLETE
        return BODY_COMPLETE
      }
      case PREFACE_REST:
        return this.#preface(bytes, start, end)
      default:
        this.at = start
        return REQUEST_COMPLETE
    }
  }

  /** RFC 9112 §2.2: empty lines before a request are ignored. They begin no request: nothing is in flight yet. */
  #emptyLines(bytes: Buffer, start: number, end: number, head: RequestHead): number {
    let at = start
    while (at < end) {
      const byte = bytes[at]!
      if (this.#sawCr) {
        if (byte !== LF) return REFUSE.bareCr
        this.#sawCr = false
      } else if (byte === CR) {
        this.#sawCr = true
        this.#isFirst = false
      } else return this.#wholeHead(bytes, at, end, head)
      at += 1
    }
    this.at = end
    return NOTHING_BEGUN
  }

  /** Parses a head in place. Nearly every head comes whole; one that does not is gathered from here on. */
  #wholeHead(bytes: Buffer, start: number, end: number, head: RequestHead): number {
    const headEnd = parseRequestHead(bytes, start, end, this.#maxHead, head)
    if (headEnd > 0) {
      this.at = headEnd
      return this.#headComplete(bytes, start, headEnd, head)
    }
    if (headEnd !== MORE) {
      if (headEnd !== REFUSE.http2 || !this.#isFirst || prefaceIn(bytes, start, end) !== 'whole')
        return headEnd
      this.at = start + PREFACE.length
      return HTTP2_PREFACE
    }
    this.#state = HEAD
    this.#head = new HeadBuffer(this.#maxHead, true)
    return this.#gather(bytes, start, end, head)
  }

  #gather(bytes: Buffer, start: number, end: number, head: RequestHead): number {
    const store = this.#head!
    const gathered = store.take(bytes, start, end)
    this.at = store.taken
    switch (gathered) {
      case 'bare-lf':
        return this.#firstFault(store, head, REFUSE.bareLf)
      case 'too-long':
        return this.#firstFault(store, head, store.pastFirstLine ? REFUSE.headTooLarge : REFUSE.targetTooLong)
      case 'more':
        return WITHIN_HEAD
      case 'complete':
    }
    this.#head = undefined
    const headEnd = parseRequestHead(store.bytes, 0, store.length, this.#maxHead, head)
    if (headEnd === MORE) return this.#prefaceBegins(store.length, bytes, end)
    // Every line ends in CRLF and the last line is empty: more bytes cannot make this a head.
    if (headEnd !== store.length) return headEnd < 0 ? headEnd : REFUSE.requestLine
    return this.#headComplete(store.bytes, 0, headEnd, head)
  }

  /** A head that is not complete behind an empty line can only be the preface of HTTP/2: its empty lines are two. */
  #prefaceBegins(length: number, bytes: Buffer, end: number): number {
    if (!this.#isFirst) return REFUSE.http2
    this.#state = PREFACE_REST
    this.#prefaceLeft = PREFACE.length - length
    return this.#preface(bytes, this.at, end)
  }

  #preface(bytes: Buffer, start: number, end: number): number {
    let at = start
    for (; at < end && this.#prefaceLeft > 0; at++) {
      if (bytes[at] !== PREFACE[PREFACE.length - this.#prefaceLeft]) return REFUSE.http2
      this.#prefaceLeft -= 1
    }
    this.at = at
    return this.#prefaceLeft === 0 ? HTTP2_PREFACE : WITHIN_HEAD
  }

  /** An earlier fault goes before the one found here, so that the answer does not depend on how the head was cut. */
  #firstFault(store: HeadBuffer, head: RequestHead, found: number): number {
    const verdict = parseRequestHead(store.bytes, 0, store.length, this.#maxHead, head)
    return verdict < 0 ? verdict : found
  }

  #headComplete(bytes: Buffer, start: number, end: number, head: RequestHead): number {
    this.headBytes = bytes
    this.headStart = start
    this.headEnd = end
    if (head.upgrade === 'h2c') this.#declineH2c(head)
    if (head.length === 0) this.#state = COMPLETE
    else {
      this.#state = BODY
      this.#body.begin(head.length)
    }
    return HEAD_COMPLETE
  }

  /** Nobody may accept an offer of h2c (h2c.ts): the request goes on without it, as a plain request. */
  #declineH2c(head: RequestHead): void {
    this.headBytes = withoutH2c(this.headBytes, this.headStart, this.headEnd)
    head.targetStart -= this.headStart
    head.targetEnd -= this.headStart
    head.upgrade = 'none'
    this.headStart = 0
    this.headEnd = this.headBytes.length
  }
}
