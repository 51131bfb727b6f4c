/**
 * When an HTTP/2 client is told to leave, and how far that has come. Sends nothing itself. Pure. RFC 9113 §6.8.
 *
 * First come GOAWAY(2^31-1) and a PING. The client then opens no more streams, and when the ACK of the PING arrives,
 * all streams that it had opened before have arrived, too. Only then comes the final GOAWAY with the last stream seen,
 * which is exact: every stream up to it is served. A client that does not answer gets the final GOAWAY while draining,
 * one second after the first.
 */

import { randomBytes } from 'node:crypto'
import type { Streams } from '../../protocol/http2/streams.ts'
import type { Terms } from './link.ts'

/**
 * How long the client has to answer our PING, a new client to send what it has queued, and the app to finish a frame.
 */
export const PATIENCE_MS = 1000

/** Random, so that no other PING is mistaken for ours. */
export const OUR_PING = randomBytes(8)

export class Farewell {
  readonly #terms: Terms
  readonly #streams: Streams
  readonly #beganAt: number
  /** The client connected after clients were told to leave. */
  #isLate: boolean
  /** `told`: the first GOAWAY was sent. `final`: the final one was sent. */
  #step: 'none' | 'told' | 'final' = 'none'
  #toldAt = 0
  #ponged = false

  constructor(terms: Terms, streams: Streams) {
    this.#terms = terms
    this.#streams = streams
    this.#beganAt = terms.now
    this.#isLate = terms.lameDuck
  }

  /** Clients are told to leave from now on, and this one was connected before. */
  parts(): void {
    this.#isLate = false
  }

  /** Whether the first GOAWAY is to be sent now; true once. */
  takeTelling(): boolean {
    if (this.#step !== 'none' || !this.#isToLeave()) return false
    this.#step = 'told'
    this.#toldAt = this.#terms.now
    return true
  }

  /** The client has answered the first GOAWAY, or its time is up: the last stream is known. */
  get hasHeard(): boolean {
    if (this.#step !== 'told') return false
    return this.#ponged || (this.#terms.draining && this.#terms.now - this.#toldAt >= PATIENCE_MS)
  }

  get isFinal(): boolean {
    return this.#step === 'final'
  }

  finish(): void {
    this.#step = 'final'
  }

  /** The ACK of a PING; returns whether it answers ours. */
  pinged(opaque: Buffer): boolean {
    if (this.#step === 'none' || this.#ponged || !opaque.equals(OUR_PING)) return false
    this.#ponged = true
    return true
  }

  /**
   * A client that connects although the pod is leaving does not know better yet: if told to leave, it would connect
   * again and be told again. That has a price: a client refuses by itself the calls that it has begun but not sent when
   * GOAWAY arrives (grpc-js fails them unless they may be retried). So a late client is told only while draining, when
   * it can no longer come back to this pod.
   */
  #isToLeave(): boolean {
    const { lameDuck, draining } = this.#terms
    return lameDuck && (draining || !this.#isLate) && !this.#isYoung
  }

  /**
   * True for a second, or until its first streams have been answered: it may have sent more than has arrived. If the
   * listener stays open while draining (an operator's drain), a late client would be back at once, so it always gets
   * its second.
   */
  get #isYoung(): boolean {
    const hasBeenServed = !this.#isLate && this.#streams.lastClient > 0 && this.#streams.size === 0
    return !hasBeenServed && this.#terms.now - this.#beganAt < PATIENCE_MS
  }
}
