/**
 * Moves over the body of a message and finds its end, however it is framed (RFC 9112 §6.3): by its length, by chunks, or
 * by the end of the connection. Keeps no byte. Pure.
 */

import { ChunkCursor } from './chunked.ts'
import type { EventStream } from './event-stream.ts'

/** In place of the length of a body: it is chunked. */
export const CHUNKED = -1
/** In place of the length of a body: it ends when the connection does. */
export const UNTIL_CLOSE = -2

export class BodyCursor {
  readonly #strict: boolean
  readonly #maxTrailers: number
  #chunked = false
  /** Made for the first chunked body, and used again for the next ones. */
  #chunks: ChunkCursor | undefined
  /** If the body is not chunked: how many bytes are still to come; Infinity until the connection closes. */
  #left = 0

  /** `strict`: chunks as in requests, not as in responses (chunked.ts). `maxTrailers` in bytes bounds the trailers. */
  constructor(strict: boolean, maxTrailers: number) {
    this.#strict = strict
    this.#maxTrailers = maxTrailers
  }

  /**
   * Begins a body of `length` bytes, or `CHUNKED` or `UNTIL_CLOSE`. If it is chunked, `events` is shown its data, and
   * `advance` then stops behind each chunk.
   */
  begin(length: number, events?: EventStream): void {
    this.#chunked = length === CHUNKED
    if (this.#chunked) {
      this.#chunks ??= new ChunkCursor(this.#strict, this.#maxTrailers)
      this.#chunks.reset(events)
    } else this.#left = length === UNTIL_CLOSE ? Infinity : length
  }

  /** Whether the whole body has come. */
  get done(): boolean {
    return this.#chunked ? this.#chunks!.done : this.#left === 0
  }

  /** Whether the body goes on until the connection closes. */
  get untilClose(): boolean {
    return !this.#chunked && this.#left === Infinity
  }

  /** Whether an event stream may be ended here: no event has begun and not ended, and a chunk may be put in. */
  get betweenEvents(): boolean {
    return this.#chunked && this.#chunks!.betweenEvents
  }

  /** Moves over `bytes[start..end)`. Returns the offset behind what belongs to the body, or a negative refusal. */
  advance(bytes: Uint8Array, start: number, end: number): number {
    if (this.#chunked) return this.#chunks!.advance(bytes, start, end)
    const take = Math.min(this.#left, end - start)
    this.#left -= take
    return start + take
  }
}
