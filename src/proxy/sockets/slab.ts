/**
 * Where bytes are laid out before they are written, so that what one callback sends to one side leaves in one system
 * call. Bytes that the kernel did not take at once are safe here, whereas the next read of any socket would overwrite
 * them in the shared read buffer. The kernel takes nearly every write at once, and its place is used again; that of any
 * other stays untouched until the write is done (its view keeps the memory alive).
 */

const SIZE = 256 * 1024
/** With less room than this left behind waiting writes, all others would be cut into pieces, so a new slab is begun. */
const LEAST_ROOM = 64 * 1024

export interface SlabWriter {
  /** Writes the bytes now. Returns true if the kernel took everything. */
  send(bytes: Uint8Array): boolean
}

export class Slab {
  #bytes = Buffer.allocUnsafeSlow(SIZE)
  #start = 0
  #end = 0
  #writer: SlabWriter | undefined

  /** Copies `bytes[start..end)` behind what is laid out for this writer; bytes of another writer are sent first. */
  add(writer: SlabWriter, bytes: Buffer, start: number, end: number): void {
    if (this.#writer !== writer) {
      this.flush()
      this.#writer = writer
      if (this.#start === this.#end && SIZE - this.#end < LEAST_ROOM) this.#begin()
    }
    let at = start
    while (at < end) {
      if (this.#end === SIZE) this.#renew()
      const take = Math.min(end - at, SIZE - this.#end)
      bytes.copy(this.#bytes, this.#end, at, at + take)
      this.#end += take
      at += take
    }
  }

  flush(): void {
    const writer = this.#writer
    if (writer === undefined) return
    this.#writer = undefined
    if (this.#end === this.#start) return
    const start = this.#start
    const end = this.#end
    const bytes = this.#bytes
    // Claimed before sending, because `send` may call back and lay out more.
    this.#start = end
    const taken = writer.send(bytes.subarray(start, end))
    if (!taken || this.#end !== end || this.#bytes !== bytes) return
    this.#start = start
    this.#end = start
  }

  #renew(): void {
    const writer = this.#writer
    this.flush()
    if (this.#end === SIZE) this.#begin()
    this.#writer = writer
  }

  #begin(): void {
    this.#bytes = Buffer.allocUnsafeSlow(SIZE)
    this.#start = 0
    this.#end = 0
  }
}
