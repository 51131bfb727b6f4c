/**
 * The channel to the app, as a conversation sees it: not there, being dialled, or open; what waits for it to open; and
 * what may be said once more on a new one (DESIGN §2, the replay rule). Pure.
 */

import { ByteStore } from '../../protocol/http1/byte-store.ts'

/** The part of `Link` that is about the app. */
export interface AppLink {
  toApp(bytes: Buffer, start: number, end: number): void
  dial(): void
  finApp(): void
  dropApp(): void
  resetApp(): void
}

/** A request with a body, or one that is not idempotent, is not sent on a connection idle for longer (DESIGN §2). */
const FRESH_MS = 1000

export class AppChannel {
  readonly #link: AppLink
  readonly #waiting = new ByteStore()
  #state: 'none' | 'dialling' | 'open' = 'none'
  #replayable = false
  #replayed = false
  #idleSince = 0

  constructor(link: AppLink) {
    this.#link = link
  }

  get open(): boolean {
    return this.#state === 'open'
  }

  /** Bytes that wait for the channel to open. */
  get waiting(): number {
    return this.#state === 'dialling' ? this.#waiting.length : 0
  }

  /** No request is on the channel any more. */
  rest(now: number): void {
    this.#idleSince = now
  }

  /**
   * Sends the head of a request, `bytes[start..end)` and `tail`, dialling if need be. A `replayable` one is
   * idempotent and has no body; another never goes out on a channel that was idle for long, as a dial costs tens of
   * microseconds and a lost POST costs a customer.
   */
  request(bytes: Buffer, start: number, end: number, tail: Buffer, replayable: boolean, now: number): void {
    if (this.open && !replayable && now - this.#idleSince > FRESH_MS) this.drop()
    this.#replayable = replayable
    this.#replayed = false
    this.#waiting.clear()
    if (this.open) {
      this.#link.toApp(bytes, start, end)
      this.#link.toApp(tail, 0, tail.length)
      if (!replayable) return
    }
    this.#waiting.add(bytes, start, end)
    this.#waiting.add(tail, 0, tail.length)
    if (!this.open) this.#dial()
  }

  /** Opens the channel before anybody has said anything: in some protocols the app speaks first. */
  prepare(): void {
    if (this.#state === 'none') this.#dial()
  }

  /** Sends more of the request, or keeps it until the channel is open. */
  send(bytes: Buffer, start: number, end: number): void {
    if (this.open) this.#link.toApp(bytes, start, end)
    else if (this.#state === 'dialling') this.#waiting.add(bytes, start, end)
  }

  /** The channel is open: what waited goes out. */
  opened(): void {
    this.#state = 'open'
    this.#link.toApp(this.#waiting.bytes, 0, this.#waiting.length)
    if (!this.#replayable) this.#waiting.clear()
  }

  /** The channel could not be opened, or broke. */
  lost(): void {
    this.#state = 'none'
  }

  /** The app has begun to answer: nothing is said twice any more. */
  answered(): void {
    if (!this.#replayable) return
    this.#replayable = false
    this.#waiting.clear()
  }

  /** Says the request once more on a new channel, if that is safe; false if it is not. */
  replay(): boolean {
    if (!this.#replayable || this.#replayed) return false
    this.#replayed = true
    this.#dial()
    return true
  }

  fin(): void {
    if (this.open) this.#link.finApp()
  }

  /** Gives the channel up. What was sent on it is delivered first: nothing on it is cut short. */
  drop(): void {
    if (this.#state === 'none') return
    this.#state = 'none'
    this.#link.dropApp()
  }

  /** Cuts the channel, and with it the exchange that is on it: the app must not take what it has for a whole request. */
  reset(): void {
    if (this.#state === 'none') return
    this.#state = 'none'
    this.#link.resetApp()
  }

  /** Lets go of what is kept. */
  release(): void {
    this.#waiting.release()
  }

  #dial(): void {
    this.#state = 'dialling'
    this.#link.dial()
  }
}
