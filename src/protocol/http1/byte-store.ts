/** Bytes that have to wait, copied out of a read buffer that will be used again. Pure; grows by doubling. */

const FIRST = 512
/** What is kept allocated when a store is emptied: enough for most heads, little beside an idle connection. */
const KEPT = 2048

export class ByteStore {
  /** Only `[0, length)` means anything. */
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

  /** Empties it and lets go of the memory, which whoever holds `bytes` keeps. */
  release(): void {
    this.length = 0
    this.bytes = NOTHING
  }

  /** Empties it; large memory is given back. */
  clear(): void {
    this.length = 0
    if (this.bytes.length > KEPT) this.bytes = NOTHING
  }
}

const NOTHING = Buffer.alloc(0)
