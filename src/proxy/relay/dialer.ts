/**
 * Who may connect to the app, and when. While the app refuses (a crash, a restart) requests wait together, up to
 * connect-wait, and one of them tries at a time: a thousand that wait must not knock a thousand times (DESIGN §2).
 * While the door is held (drained without proof of a stop) nobody tries. Where this process has no file descriptor left
 * they wait likewise, but are told what it was: it says nothing about the app.
 */

import type { AppFault } from '../../protocol/http1/answer.ts'
import type { Clock } from '../process/clock.ts'

export interface Dialing {
  connect(): void
  appUnavailable(fault: AppFault): void
}

/** How often one of those who wait tries again. */
const RETRY_MS = 25
/** What a starting or stopping app answers with: come back later. */
const REFUSED = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EAGAIN'])
/** Of this process, or of the whole machine. */
const OUT_OF_DESCRIPTORS = new Set(['EMFILE', 'ENFILE'])

export class Dialer {
  readonly #clock: Clock
  readonly #connectWaitMs: number
  /** Those who want a connection, and since when: trying, or waiting for a turn. */
  readonly #wanting = new Map<Dialing, { since: number; trying: boolean }>()
  /** Why nobody but one tries: the last attempt told. */
  #away: 'refused' | 'descriptors' | undefined
  readonly #outOfDescriptors: () => void
  #queueing = false
  #armed = false
  /** The app will not come back: nobody has to wait for it. */
  #lost = false

  /** `outOfDescriptors` is called at each attempt for which there was no descriptor. */
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

  /** A pair does not want it any more, or has it. */
  forget(who: Dialing): void {
    this.#wanting.delete(who)
  }

  /** The app accepted somebody: everybody may come. */
  reached(who: Dialing): void {
    this.#wanting.delete(who)
    if (this.#away === undefined) return
    this.#away = undefined
    this.#release()
  }

  /** The app refused: it is away. Or there was no descriptor. Whoever asked waits on; other errors are final. */
  refused(who: Dialing, error: string): void {
    const entry = this.#wanting.get(who)
    if (entry === undefined) return
    const out = OUT_OF_DESCRIPTORS.has(error)
    if (!out && !REFUSED.has(error)) {
      this.#wanting.delete(who)
      return who.appUnavailable(error === 'ETIMEDOUT' ? 'timeout' : 'refused')
    }
    entry.trying = false
    this.#away = out ? 'descriptors' : 'refused'
    this.#arm()
    if (out) this.#outOfDescriptors()
  }

  get queueing(): boolean {
    return this.#queueing
  }

  /** Holds everybody at the door, or lets them in again. */
  queue(on: boolean): void {
    if (this.#queueing === on) return
    this.#queueing = on
    if (!on) this.#release()
  }

  /** Tells that the app has ended for good, so that whoever waits for it has waited long enough; or that it is there. */
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
    // The one that has waited longest.
    for (const [who, entry] of this.#wanting) {
      entry.trying = true
      return who.connect()
    }
    // Nobody waits for an app that was away: the next one finds out.
    this.#away = undefined
  }
}
