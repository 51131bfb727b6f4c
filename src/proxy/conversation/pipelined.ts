/**
 * What a client has sent before it can be used: its next requests while a response is under way. They are taken from
 * the front, in place, however many there are: a byte is copied once when it comes in, and never again for those before
 * it. Bounded by MAX_BUFFERED and one read, as the client is not read from beyond that (flow.ts). Pure.
 */

import { ByteStore } from '../../protocol/http1/byte-store.ts'

/**
 * Bytes of a client that are kept while they cannot be sent on; beyond that the client is not read from. Less where all
 * clients together hold more than memory allows: relay.ts.
 */
export const MAX_BUFFERED = 64 * 1024

export class Pipelined {
  readonly #store = new ByteStore()
  #from = 0

  get length(): number {
    return this.#store.length - this.#from
  }

  get empty(): boolean {
    return this.#from === this.#store.length
  }

  /** What is held; valid until the next `add`. Its end is `bytes.length`. */
  get bytes(): Buffer {
    return this.#store.bytes.subarray(this.#from, this.#store.length)
  }

  /** Keeps a copy of `bytes[start..end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    const store = this.#store
    // Moves what is left to the front once it is the smaller part: each byte moves a bounded number of times.
    if (this.#from > store.length / 2) {
      store.bytes.copyWithin(0, this.#from, store.length)
      store.length -= this.#from
      this.#from = 0
    }
    store.add(bytes, start, end)
  }

  /** The first `count` bytes have been used. */
  used(count: number): void {
    this.#from += count
    if (this.empty) this.clear()
  }

  /** Hands the bytes out, all of them. */
  take(): Buffer {
    const { bytes } = this
    this.clear()
    return bytes
  }

  clear(): void {
    this.#from = 0
    this.#store.release()
  }
}
