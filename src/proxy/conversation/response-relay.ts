/**
 * The app's bytes on their way to the client, response by response. They leave unchanged, in as few pieces as they
 * arrived. Only a head that must tell the client to leave is changed (DESIGN §1). Pure.
 */

import { farewell } from '../../protocol/http1/farewell.ts'
import * as response from '../../protocol/http1/response-cursor.ts'
import { ResponseHead } from '../../protocol/http1/response-head.ts'
import type { Exchange } from './exchange.ts'
import type { Leave } from './leave.ts'
import type { Link } from './link.ts'

/** What `relay` returns. */
const ALL_RELAYED = 0
export const COMPLETE = 1
/**
 * The app has switched protocols. The head has been sent to the client; the bytes from `at` on belong to the new
 * protocol.
 */
export const SWITCHES = 2
/** This is not HTTP/1.1. What was held of it has been sent to the client; the bytes from `at` on have not. */
export const NOT_UNDERSTOOD = 3
/** Bytes that do not answer any request. */
export const UNASKED = 4
/** An event stream is between two events, where it was to stop. */
export const BETWEEN_EVENTS = 5

/** The facts of the head that was just parsed. They are read at once, so one instance serves all. */
const head = new ResponseHead()

export class ResponseRelay {
  /** The offset after what the last `relay` consumed. */
  at = 0
  readonly #link: Pick<Link, 'toClient'>
  readonly #exchange: Exchange
  readonly #cursor = new response.ResponseCursor()

  constructor(link: Pick<Link, 'toClient'>, exchange: Exchange) {
    this.#link = link
    this.#exchange = exchange
  }

  /** A request has been sent, so a response is expected. */
  expect(): void {
    this.#cursor.expect()
  }

  get inHead(): boolean {
    return this.#cursor.inHead
  }

  get untilClose(): boolean {
    return this.#cursor.untilClose
  }

  get betweenEvents(): boolean {
    return this.#cursor.betweenEvents
  }

  /**
   * Relays `bytes[start..end)`, at most to the end of one response. Returns one of the constants above; `at` is how far
   * it came.
   */
  relay(bytes: Buffer, start: number, end: number, leave: Leave): number {
    const link = this.#link
    let sent = start
    this.at = start
    while (this.at < end) {
      const from = this.at
      const found = this.#cursor.advance(bytes, from, end, head)
      this.at = this.#cursor.at
      switch (found) {
        case response.WITHIN_HEAD:
          // No byte of a head is sent before the head is complete: until then, a 502 or `Connection: close` is still
          // possible.
          link.toClient(bytes, sent, from)
          sent = this.at
          break
        case response.HEAD_COMPLETE: {
          // Unless the head is changed, head and body leave in one piece.
          const tells = leave.isLast && this.#exchange.couldLast(head)
          if (tells || this.#cursor.headBytes !== bytes) {
            link.toClient(bytes, sent, from)
            this.#sendHead(tells)
            sent = this.at
          }
          const ended = this.#begin()
          if (ended === ALL_RELAYED) break
          link.toClient(bytes, sent, this.at)
          return ended
        }
        case response.WITHIN_BODY:
          break
        case response.BODY_COMPLETE:
          link.toClient(bytes, sent, this.at)
          return COMPLETE
        case response.NOT_UNDERSTOOD:
          link.toClient(bytes, sent, from)
          return this.#giveUp(from)
        default:
          link.toClient(bytes, sent, from)
          return UNASKED
      }
      if (!leave.endsEvents || !this.#cursor.betweenEvents) continue
      link.toClient(bytes, sent, this.at)
      return BETWEEN_EVENTS
    }
    link.toClient(bytes, sent, this.at)
    return ALL_RELAYED
  }

  #begin(): number {
    if (head.status === 101) return SWITCHES
    if (head.status < 200) return ALL_RELAYED // RFC 9110 §15.2: interim; the final response follows.
    this.#exchange.answered(head)
    const { toHead, toGet } = this.#exchange
    return this.#cursor.begin(head, toHead, toGet) ? COMPLETE : ALL_RELAYED
  }

  #sendHead(tells: boolean): void {
    const { headBytes, headStart, headEnd } = this.#cursor
    if (!tells) return this.#link.toClient(headBytes, headStart, headEnd)
    const told = farewell(headBytes, headStart, headEnd)
    this.#exchange.persistent = false
    this.#link.toClient(told, 0, told.length)
  }

  #giveUp(from: number): number {
    const { gathered } = this.#cursor
    this.#link.toClient(gathered, 0, gathered.length)
    // A gathered head already contains what was consumed of these bytes.
    if (gathered.length === 0) this.at = from
    return NOT_UNDERSTOOD
  }
}
