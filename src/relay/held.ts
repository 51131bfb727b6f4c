/**
 * What a client has sent before it can be used: its next requests while a response is under way. Bounded: beyond a
 * measure the client is not read from until there is room. Pure.
 */

import { ByteStore } from '../http1/byte-store.ts'

/** Bytes of a client that are kept while they cannot be sent on; then its reading is paused. */
export const MAX_HELD = 64 * 1024

export class Held {
  readonly #store = new ByteStore()
  readonly #pause: (on: boolean) => void
  #paused = false

  /** `pause` stops or goes on reading; called only when that changes. */
  constructor(pause: (on: boolean) => void) {
    this.#pause = pause
  }

  get empty(): boolean {
    return this.#store.length === 0
  }

  add(bytes: Buffer, start: number, end: number): void {
    this.#store.add(bytes, start, end)
    this.mind(this.#store.length)
  }

  /** Pauses the client if so many bytes are too many to keep: these, or others that wait for the app. */
  mind(length: number): void {
    if (length > MAX_HELD) this.#turn(true)
  }

  /** Hands the bytes out, all of them, and lets the client go on. */
  take(): Buffer {
    const { bytes, length } = this.#store
    this.#store.release()
    this.#turn(false)
    return bytes.subarray(0, length)
  }

  /** The client may go on. */
  resume(): void {
    this.#turn(false)
  }

  #turn(on: boolean): void {
    if (this.#paused === on) return
    this.#paused = on
    this.#pause(on)
  }
}
