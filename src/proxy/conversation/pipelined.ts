/**
 * What a client has sent before it can be used: its next requests while a response is under way. Requests are taken
 * from the front, in place: each byte is copied when it arrives, and not again for every request before it. Bounded by
 * MAX_BUFFERED plus one read, because the client is not read from beyond that (flow.ts). Pure.
 */

import { ByteStore } from '../../protocol/http1/byte-store.ts'

/**
 * The maximum of a client's bytes that are held because they cannot be sent on; beyond it the client is not read from.
 * It is lower while all clients together hold more than memory allows: clients.ts.
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

  /** What is held, up to `bytes.length`; valid until the next `add`. */
  get bytes(): Buffer {
    return this.#store.bytes.subarray(this.#from, this.#store.length)
  }

  /** Keeps a copy of `bytes[start..end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    const store = this.#store
    // Moves the rest to the front once it is the smaller part, so each byte moves a bounded number of times.
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

  /** Returns everything that is held, and holds nothing afterwards. */
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
