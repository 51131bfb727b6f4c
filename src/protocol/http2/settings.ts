/**
 * Reads SETTINGS of the app for the one that concerns us: how large a frame it takes. It holds from the moment the
 * client acknowledges it. Pure; any split. RFC 9113 §6.5.
 */

import { DEFAULT_MAX_FRAME } from './frame.ts'

const MAX_FRAME_SIZE = 0x5
const ENTRY_BYTES = 6

export class AppSettings {
  /** The largest payload that the app takes, as far as the client has acknowledged. */
  maxFrame = DEFAULT_MAX_FRAME
  /** What each SETTINGS that has not been acknowledged makes of it. */
  readonly #pending: number[] = []
  #latest = DEFAULT_MAX_FRAME
  readonly #entry = Buffer.alloc(ENTRY_BYTES)
  #have = 0

  /** Takes a part of the payload. */
  take(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      this.#entry[this.#have++] = bytes[at]!
      if (this.#have < ENTRY_BYTES) continue
      this.#have = 0
      if (this.#entry.readUInt16BE(0) === MAX_FRAME_SIZE) this.#latest = this.#entry.readUInt32BE(2)
    }
  }

  /** The frame is complete. */
  said(): void {
    this.#have = 0
    this.#pending.push(this.#latest)
  }

  /** The client acknowledges the oldest. Returns false if there is none. */
  acknowledged(): boolean {
    const next = this.#pending.shift()
    if (next !== undefined) this.maxFrame = next
    return next !== undefined
  }
}
