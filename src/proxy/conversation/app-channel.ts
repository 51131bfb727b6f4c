/**
 * The channel to the app as a conversation sees it: closed, being dialled, or open. Keeps what waits for it to open,
 * and what may be sent again on a new one (DESIGN §2, the replay rule). Pure.
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

/**
 * A request that is not idempotent or has a body is not sent on a connection that has been idle for longer (DESIGN §2).
 */
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

  /** The channel carries no request any more. */
  rest(now: number): void {
    this.#idleSince = now
  }

  /**
   * Sends the head of a request, `bytes[start..end)` and `tail`; dials if necessary. A `replayable` request is
   * idempotent and has no body. Any other never goes out on a channel that has been idle for long: a dial costs tens of
   * microseconds, a lost POST costs a customer.
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

  /** Opens the channel before the client has sent anything: in some protocols the app speaks first. */
  prepare(): void {
    if (this.#state === 'none') this.#dial()
  }

  /** Sends more of the request, or keeps it until the channel is open. */
  send(bytes: Buffer, start: number, end: number): void {
    if (this.open) this.#link.toApp(bytes, start, end)
    else if (this.#state === 'dialling') this.#waiting.add(bytes, start, end)
  }

  /** The channel is open: sends what waited. */
  opened(): void {
    this.#state = 'open'
    this.#link.toApp(this.#waiting.bytes, 0, this.#waiting.length)
    if (!this.#replayable) this.#waiting.clear()
  }

  /** The channel could not be opened, or broke. */
  lost(): void {
    this.#state = 'none'
  }

  /** The app has begun to answer: the request is not sent again from here on. */
  answered(): void {
    if (!this.#replayable) return
    this.#replayable = false
    this.#waiting.clear()
  }

  /** Sends the request again on a new channel, if that is safe; returns whether it was. */
  replay(): boolean {
    if (!this.#replayable || this.#replayed) return false
    this.#replayed = true
    this.#dial()
    return true
  }

  fin(): void {
    if (this.open) this.#link.finApp()
  }

  /** Gives the channel up. The app first gets everything that was sent on it. */
  drop(): void {
    if (this.#state === 'none') return
    this.#state = 'none'
    this.#link.dropApp()
  }

  /** Cuts the channel and the exchange on it: the app must not take the request for complete. */
  reset(): void {
    if (this.#state === 'none') return
    this.#state = 'none'
    this.#link.resetApp()
  }

  /** Releases the memory. */
  release(): void {
    this.#waiting.release()
  }

  #dial(): void {
    this.#state = 'dialling'
    this.#link.dial()
  }
}
