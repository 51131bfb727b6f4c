/**
 * Gathers a head that came in pieces. Each byte is looked at once: only new bytes are searched for the empty line,
 * so that a client which sends a byte at a time costs no more than one that sends the head whole (slowloris).
 */

import { ByteStore } from './byte-store.ts'
import { CR, LF } from './bytes.ts'

export type Gathered = 'more' | 'complete' | 'bare-lf' | 'too-long'

export class HeadBuffer {
  readonly #store = new ByteStore()
  /** Bytes of the line that is being read, without its end. */
  #line = 0
  #lines = 0
  readonly #strict: boolean
  readonly #limit: number

  /** `strict`: a bare LF ends it as an error; else it counts as a line's end. `limit` in bytes. */
  constructor(limit: number, strict: boolean) {
    this.#limit = limit
    this.#strict = strict
  }

  /** The bytes taken so far: `[0, length)`. */
  get bytes(): Buffer {
    return this.#store.bytes
  }

  get length(): number {
    return this.#store.length
  }

  /** Whether the first line is complete. */
  get pastFirstLine(): boolean {
    return this.#lines > 0
  }

  /** The offset in the last chunk behind the bytes taken. */
  taken = 0

  /** Takes bytes from `chunk[start..end)` up to the end of the head; see `taken` for how far that went. */
  take(chunk: Buffer, start: number, end: number): Gathered {
    let at = start
    let result: Gathered = 'more'
    while (result === 'more') {
      const lf = chunk.indexOf(LF, at)
      if (lf < 0 || lf >= end) {
        this.#line += end - at
        at = end
        break
      }
      const lineLength = this.#line + (lf - at)
      const previous = lf > start ? chunk[lf - 1] : this.bytes[this.length - 1]
      at = lf + 1
      this.#line = 0
      if (previous !== CR) {
        if (this.#strict) result = 'bare-lf'
        else if (lineLength === 0) result = 'complete'
      } else if (lineLength === 1) result = 'complete'
      this.#lines += 1
    }
    if (result === 'more' && this.length + (at - start) >= this.#limit) result = 'too-long'
    this.#store.add(chunk, start, at)
    this.taken = at
    return result
  }
}
