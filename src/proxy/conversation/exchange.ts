/** The facts of one exchange: what the request asked for, and how far the response has come. Pure. RFC 9112 §9. */

import { UNTIL_CLOSE } from '../../protocol/http1/body-cursor.ts'
import { METHOD_GET, METHOD_HEAD } from '../../protocol/http1/methods.ts'
import type { RequestHead } from '../../protocol/http1/request-head.ts'
import type { ResponseHead } from '../../protocol/http1/response-head.ts'
import { type Succession, SUCCESSION } from './successor.ts'

export class Exchange {
  /** The status of the final response; 0 before there is one. */
  status = 0
  /** Bytes of the final response have gone to the client. */
  begun = false
  /** The app's final response has gone to the client in full. */
  whole = false
  /** Another exchange may follow on the client's connection. */
  persistent = true
  /** The request is HEAD: its response has no body, whatever its head says (RFC 9110 §9.3.2). */
  toHead = false
  /**
   * The request is GET, as an EventSource's always is (WHATWG HTML §9.2.2): its client reconnects when an event stream
   * ends. For other clients, the end of the stream is the end of the answer (the API of a language model answers a POST
   * with an event stream).
   */
  toGet = false
  /** What the connection becomes if the app agrees to an upgrade. */
  upgrade: Succession = 'opaque'
  #http10 = false

  /** The first byte of a request has come. */
  begin(): void {
    this.status = 0
    this.begun = false
    this.whole = false
  }

  asked(head: RequestHead): void {
    this.toHead = head.method === METHOD_HEAD
    this.toGet = head.method === METHOD_GET
    this.#http10 = head.minor === 0
    this.persistent = head.persistent
    this.upgrade = SUCCESSION[head.upgrade]
  }

  /** A final response has begun. */
  answered(head: ResponseHead): void {
    this.status = head.status
    this.begun = true
    // RFC 9112 §9.3: the connection of an HTTP/1.0 client persists only if the app tells it so.
    if (!head.persistent || (this.#http10 && !head.keepAlive)) this.persistent = false
  }

  /** Whether `Connection: close` in this head would tell the client anything new. */
  couldLast(head: ResponseHead): boolean {
    if (head.status < 200 || !this.persistent || !head.persistent) return false
    return head.frame(this.toHead) !== UNTIL_CLOSE
  }
}
