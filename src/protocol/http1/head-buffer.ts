/**
 * Gathers a head that comes in pieces. Only new bytes are searched for the empty line that ends it, so that a client that
 * sends one byte at a time (slowloris) costs no more than one that sends the head whole. Pure.
 */

import { ByteStore } from './byte-store.ts'
import { CR, LF } from './bytes.ts'

export type Gathered = 'more' | 'complete' | 'bare-lf' | 'too-long'

export class HeadBuffer {
  readonly #store = new ByteStore()
  /** Bytes of the line that is being read, of earlier pieces. */
  #line = 0
  #lines = 0
  readonly #strict: boolean
  readonly #limit: number

  /** `limit` in bytes. `strict`: a line that ends with a bare LF is an error; otherwise it is a line. */
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

  /** The offset behind the bytes taken of the last chunk. */
  taken = 0

  /** Takes the bytes of `chunk[start..end)` that belong to the head, and sets `taken` behind them. */
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
