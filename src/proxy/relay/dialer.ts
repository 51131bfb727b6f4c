/**
 * Who may connect to the app, and when. While the app refuses connections (a crash, a restart), requests wait together
 * for up to connect-wait, and only one of them tries at a time, so that a thousand waiting requests do not cause a
 * thousand attempts (DESIGN §2). While requests are queued (drained without proof of a stop), none tries. If this
 * process has run out of file descriptors, requests wait in the same way, but the error they get names that cause: it
 * says nothing about the app.
 */

import type { AppFault } from '../../protocol/http1/answer.ts'
import type { Clock } from '../process/clock.ts'

export interface Dialing {
  connect(): void
  appUnavailable(fault: AppFault): void
}

/** How often the next waiting request tries. */
const RETRY_MS = 25
/** What a starting or stopping app answers with: try again later. */
const REFUSED = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EAGAIN'])
/** The limit of this process, or of the whole machine, is reached. */
const OUT_OF_DESCRIPTORS = new Set(['EMFILE', 'ENFILE'])

export class Dialer {
  readonly #clock: Clock
  readonly #connectWaitMs: number
  /** Everyone who wants a connection, and since when: trying, or waiting for a turn. */
  readonly #wanting = new Map<Dialing, { since: number; trying: boolean }>()
  /** Why only one tries at a time: the outcome of the last attempt. */
  #away: 'refused' | 'descriptors' | undefined
  readonly #outOfDescriptors: () => void
  #queueing = false
  #armed = false
  /** The app will not come back: nobody waits for it. */
  #lost = false

  /** `outOfDescriptors` is called for each attempt that found no file descriptor. */
  constructor(clock: Clock, connectWaitMs: number, outOfDescriptors = () => {}) {
    this.#clock = clock
    this.#connectWaitMs = connectWaitMs
    this.#outOfDescriptors = outOfDescriptors
  }

  /** A pair wants a connection to the app. */
  wanted(who: Dialing): void {
    const trying = this.#away === undefined && !this.#queueing
    this.#wanting.set(who, { since: this.#clock.now(), trying })
    this.#arm()
    if (trying) who.connect()
  }

  /** A pair no longer wants a connection, or has one. */
  forget(who: Dialing): void {
    this.#wanting.delete(who)
  }

  /** The app has accepted a connection: everyone may dial. */
  reached(who: Dialing): void {
    this.#wanting.delete(who)
    if (this.#away === undefined) return
    this.#away = undefined
    this.#release()
  }

  /**
   * An attempt failed. If the app refused or there was no descriptor, the pair keeps waiting; any other error is final.
   */
  refused(who: Dialing, error: string): void {
    const entry = this.#wanting.get(who)
    if (entry === undefined) return
    const out = OUT_OF_DESCRIPTORS.has(error)
    if (!out && !REFUSED.has(error)) {
      this.#wanting.delete(who)
      return who.appUnavailable(error === 'ETIMEDOUT' ? 'timeout' : 'unreachable')
    }
    entry.trying = false
    this.#away = out ? 'descriptors' : 'refused'
    this.#arm()
    if (out) this.#outOfDescriptors()
  }

  get queueing(): boolean {
    return this.#queueing
  }

  /** Starts or stops queueing: while on, nobody dials. */
  queue(on: boolean): void {
    if (this.#queueing === on) return
    this.#queueing = on
    if (!on) this.#release()
  }

  /** `on`: the app has ended for good, so whoever waits for it gets an answer now. */
  lost(on: boolean): void {
    this.#lost = on
  }

  #release(): void {
    if (this.#queueing) return
    for (const [who, entry] of this.#wanting) {
      if (entry.trying) continue
      entry.trying = true
      who.connect()
    }
  }

  #arm(): void {
    if (this.#armed) return
    this.#armed = true
    this.#clock.after(RETRY_MS, () => {
      this.#armed = false
      this.#turn()
      if (this.#wanting.size > 0) this.#arm()
    })
  }

  #turn(): void {
    const overdue = this.#clock.now() - (this.#lost ? 0 : this.#connectWaitMs)
    let trying = false
    for (const [who, entry] of this.#wanting) {
      if (entry.since <= overdue) {
        this.#wanting.delete(who)
        const why = entry.trying && !this.#lost ? 'timeout' : (this.#away ?? 'refused')
        who.appUnavailable(this.#queueing ? 'away' : why)
      } else if (entry.trying) trying = true
    }
    if (trying || this.#queueing) return
    // The one that has waited longest tries.
    for (const [who, entry] of this.#wanting) {
      entry.trying = true
      return who.connect()
    }
    // The app was away and nobody waits for it: the next request finds out whether it is back.
    this.#away = undefined
  }
}
