/**
 * Reads how large a frame the app accepts from its SETTINGS, wherever they are cut. A value counts from the moment when the
 * client acknowledges it. RFC 9113 §6.5. Pure.
 */

import { DEFAULT_MAX_FRAME } from './frame.ts'

const MAX_FRAME_SIZE = 0x5
const ENTRY_BYTES = 6

export class AppSettings {
  /** The largest payload that the app accepts, in bytes, in the SETTINGS that the client acknowledged last. */
  maxFrame = DEFAULT_MAX_FRAME
  /** The value after each SETTINGS that is not acknowledged yet. */
  readonly #pending: number[] = []
  #latest = DEFAULT_MAX_FRAME
  readonly #entry = Buffer.alloc(ENTRY_BYTES)
  #have = 0

  /** Takes `bytes[start..end)`, the next part of the payload. */
  take(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      this.#entry[this.#have++] = bytes[at]!
      if (this.#have < ENTRY_BYTES) continue
      this.#have = 0
      if (this.#entry.readUInt16BE(0) === MAX_FRAME_SIZE) this.#latest = this.#entry.readUInt32BE(2)
    }
  }

  /** The SETTINGS frame is complete. */
  said(): void {
    this.#have = 0
    this.#pending.push(this.#latest)
  }

  /** The client acknowledges the oldest SETTINGS. Returns false if there is none. */
  acknowledged(): boolean {
    const next = this.#pending.shift()
    if (next !== undefined) this.maxFrame = next
    return next !== undefined
  }
}
