/**
 * When an HTTP/2 client is told to leave, and how far that has come. Says nothing itself. Pure. RFC 9113 §6.8.
 *
 * First GOAWAY(2^31-1) and a PING: the client opens no more streams, and when the ACK comes, all those that it had
 * opened before have come, too. Only then the last GOAWAY, with the last stream seen: it is exact, and every stream was
 * served. A client that does not answer gets it while draining, a second later.
 */

import { randomBytes } from 'node:crypto'
import type { Streams } from '../../protocol/http2/streams.ts'
import type { Terms } from './link.ts'

/** How long the client has to answer our PING; a new client to say what it has queued; the app to finish a frame. */
export const PATIENCE_MS = 1000

/** Nobody else's PING is taken for ours. */
export const OUR_PING = randomBytes(8)

export class Farewell {
  readonly #terms: Terms
  readonly #streams: Streams
  readonly #beganAt: number
  /** It has come while clients were told to leave. */
  #isLate: boolean
  /** `told`: that streams are prohibited. `final`: which was the last. */
  #step: 'none' | 'told' | 'final' = 'none'
  #toldAt = 0
  #ponged = false

  constructor(terms: Terms, streams: Streams) {
    this.#terms = terms
    this.#streams = streams
    this.#beganAt = terms.now
    this.#isLate = terms.lameDuck
  }

  /** Clients begin to leave: this one was there before. */
  parts(): void {
    this.#isLate = false
  }

  /** Whether it is to be told now that streams are prohibited; then it is asked only once. */
  takeTelling(): boolean {
    if (this.#step !== 'none' || !this.#isToLeave()) return false
    this.#step = 'told'
    this.#toldAt = this.#terms.now
    return true
  }

  /** It has been told and has heard it, or has had its time: the last stream is known. */
  get hasHeard(): boolean {
    if (this.#step !== 'told') return false
    return this.#ponged || (this.#terms.draining && this.#terms.now - this.#toldAt >= PATIENCE_MS)
  }

  /** The last GOAWAY has been said. */
  get isFinal(): boolean {
    return this.#step === 'final'
  }

  finish(): void {
    this.#step = 'final'
  }

  /** The ACK of a PING has come. Returns whether it is the answer to ours. */
  pinged(opaque: Buffer): boolean {
    if (this.#step === 'none' || this.#ponged || !opaque.equals(OUR_PING)) return false
    this.#ponged = true
    return true
  }

  /**
   * A client that comes although the pod is leaving does not know better yet: told, it would come again, and be told
   * again. That is not for free: what a client has begun and not sent when it hears GOAWAY, it refuses by itself
   * (grpc-js fails those calls unless it may retry). So it is told once, when there is no way back to us: while draining.
   */
  #isToLeave(): boolean {
    const { lameDuck, draining } = this.#terms
    return lameDuck && (draining || !this.#isLate) && !this.#isYoung
  }

  /**
   * For a second, or until what it asked first has been answered: it may have more to send than we have seen. Where the
   * door stays open while draining (an operator's drain), a late client would be back at once: it always has its second.
   */
  get #isYoung(): boolean {
    const hasBeenServed = !this.#isLate && this.#streams.lastClient > 0 && this.#streams.size === 0
    return !hasBeenServed && this.#terms.now - this.#beganAt < PATIENCE_MS
  }
}
