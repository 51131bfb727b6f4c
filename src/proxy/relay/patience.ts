/**
 * How long a pair waits: for a first byte, the end of a head, the next request, a peer that does not read, a client
 * that lingers. The pair asks several times a second what has taken too long. Pure.
 */

import { LINGER_MS } from '../process/linger.ts'
import type { Terms } from '../conversation/link.ts'
import type { Limits } from './context.ts'

/** A client that has just connected has this long to send its first byte before `closeIdle` may close its connection. */
const NEW_MS = 500
/** Before this, a new connection does not count as idle: bytes that came with its handshake may not have been read yet. */
const FIRST_BYTE_MS = 10
/**
 * The least time that a side has to take what was written to it, however short idle-timeout is: while a kernel works off
 * megabytes it reports nothing, so a slow reader looks like one that has stopped. Compare nginx's send_timeout.
 */
const LEAST_STUCK_MS = 60_000
/** While draining, a client that was sent the app's FIN has this long to send more. Compare nginx's lingering_timeout. */
const MUTE_MS = 5000
/** Only connections older than this get TCP keep-alive. Most do not live that long and save the system calls. */
const WATCH_AFTER_MS = 10_000

export class Patience {
  readonly #limits: Limits
  readonly #terms: Pick<Terms, 'draining'>
  readonly #acceptedAt: number
  #lingerUntil = Infinity
  /** Since when a side has not taken what was written to it. */
  #stuckSince = Infinity
  #watched = false
  #halfClosed = false
  /** Since when a client that was sent the app's FIN has sent nothing, and how many bytes it had sent before. */
  #muteSince = Infinity
  #receivedBefore = -1

  constructor(limits: Limits, terms: Pick<Terms, 'draining'>, acceptedAt: number) {
    this.#limits = limits
    this.#terms = terms
    this.#acceptedAt = acceptedAt
  }

  /** The client's side was half-closed, or has only now taken its last bytes: from here on it has LINGER_MS to leave. */
  linger(now: number): void {
    this.#lingerUntil = now + LINGER_MS
  }

  get lingers(): boolean {
    return this.#lingerUntil !== Infinity
  }

  /** Since when it lingers; only valid if it does. */
  get lingersSince(): number {
    return this.#lingerUntil - LINGER_MS
  }

  hasLingered(now: number): boolean {
    return now >= this.#lingerUntil
  }

  /** A side has taken bytes. */
  progressed(): void {
    this.#stuckSince = Infinity
  }

  /** Whether a side has taken nothing for too long. `undelivered`: one has not taken all that was written to it. */
  isStuck(now: number, undelivered: boolean): boolean {
    if (!undelivered) this.#stuckSince = Infinity
    else if (this.#stuckSince === Infinity) this.#stuckSince = now
    return now - this.#stuckSince >= Math.max(this.#limits.idleTimeoutMs, LEAST_STUCK_MS)
  }

  /** The client is sent the app's FIN, and may go on sending. */
  halfClosed(): void {
    this.#halfClosed = true
  }

  /**
   * Whether a client that was sent the app's FIN has sent nothing for too long. As long as nothing is written to an app
   * that has closed its connection, it looks like one that has only half-closed it. So a client that neither sends nor
   * closes would stay in flight for ever. `received`: bytes of the client so far. `http`: its response is complete and its
   * request is not; the rest of it has head-timeout to arrive. A tunnel has idle-timeout.
   */
  isMute(now: number, received: number, http: boolean): boolean {
    if (!this.#halfClosed) return false
    if (received !== this.#receivedBefore) {
      this.#receivedBefore = received
      this.#muteSince = now
    }
    const { headTimeoutMs, idleTimeoutMs } = this.#limits
    const patience = http ? Math.min(headTimeoutMs, idleTimeoutMs) : idleTimeoutMs
    return now - this.#muteSince >= (this.#terms.draining ? Math.min(patience, MUTE_MS) : patience)
  }

  isHeadLate(now: number, beganAt: number): boolean {
    return now - beganAt >= this.#limits.headTimeoutMs
  }

  /**
   * Whether a connection with nothing in flight is to be closed. One that has carried requests belongs to a pool and has
   * idle-timeout. One whose client has never sent a byte has head-timeout: nginx, HAProxy, Node and Go also count it
   * from accept. Its client gets a FIN and no 408, which it would take for the answer to its next request
   * (RFC 9110 §15.5.9); balancers and browsers that connect ahead of need notice the FIN and connect again. With
   * `--protocol tcp` a silent client is in flight, as the app may speak first.
   */
  isIdleTooLong(now: number, since: number, silent: boolean): boolean {
    const { headTimeoutMs, idleTimeoutMs } = this.#limits
    return now - since >= (silent ? Math.min(headTimeoutMs, idleTimeoutMs) : idleTimeoutMs)
  }

  /** Whether it is time to turn on TCP keep-alive; true once. */
  takeWatch(now: number): boolean {
    if (this.#watched || now - this.#acceptedAt <= WATCH_AFTER_MS) return false
    this.#watched = true
    return true
  }

  /** Whether its client connected a moment ago: then it is about to send a request. */
  isNew(now: number): boolean {
    return now - this.#acceptedAt < NEW_MS
  }

  /** From when on a connection without a request counts as idle. */
  get idleSince(): number {
    return this.#acceptedAt + FIRST_BYTE_MS
  }
}
