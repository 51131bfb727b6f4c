/** Keeps copies of bytes that must wait, as read buffers are used again. Grows by doubling. Pure. */

/** The first allocation, in bytes. */
const FIRST = 512
/** The most bytes that stay allocated when a store is emptied: enough for most heads, little for an idle connection. */
const KEPT = 2048

export class ByteStore {
  /** Only `[0, length)` is meaningful. */
  bytes: Buffer = NOTHING
  length = 0

  /** Appends a copy of `chunk[start..end)`. */
  add(chunk: Buffer, start: number, end: number): void {
    const length = this.length + (end - start)
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length, FIRST))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    chunk.copy(this.bytes, this.length, start, end)
    this.length = length
  }

  /** Empties it and gives up the memory, so that a caller that still uses `bytes` can keep it. */
  release(): void {
    this.length = 0
    this.bytes = NOTHING
  }

  /** Empties it, and gives up the memory if that is more than is worth keeping. */
  clear(): void {
    this.length = 0
    if (this.bytes.length > KEPT) this.bytes = NOTHING
  }
}

const NOTHING = Buffer.alloc(0)
