/**
 * The buffers for bulk data: bytes are read into them and written from them in place, without a copy. A side takes one
 * when a read has filled the shared buffer, because more is about to follow, and gives it back when its burst is over.
 * The last one given back is the next one taken, so it is still in the processor's cache. A write that has to wait
 * keeps its buffer until it is done. The number of buffers is limited; beyond it, bulk data is copied like everything
 * else, so memory stays bounded however many peers are slow.
 */

const SIZE = 256 * 1024
/** The maximum number in use. */
const MOST = 16
/** How many unused buffers are kept. */
const SPARE = 4

export class BulkBuffers {
  readonly #free: Buffer[] = []
  /** Those that a side reads into. Nobody writes from them after the read that filled them. */
  readonly #taken = new Set<Buffer>()
  #kept = 0

  /** Returns a buffer to read into, or undefined if too many are in use. */
  take(): Buffer | undefined {
    if (this.#taken.size + this.#kept >= MOST) return undefined
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(SIZE)
    this.#taken.add(buffer)
    return buffer
  }

  /** Whether the bytes are in a buffer that was taken, so that they may be written in place. */
  holds(bytes: Buffer): boolean {
    return this.#taken.has(bytes)
  }

  /**
   * Lends a buffer that a stream has made for a single read: it may be written in place until it is given back. Its
   * memory is then freed at once; left to the garbage collector, 64 MiB of such buffers pile up first.
   */
  lend(chunk: Buffer): void {
    this.#taken.add(chunk)
  }

  /** A write from the buffer has to wait, so its side must not read into it again. */
  keep(buffer: Buffer): void {
    if (this.#taken.delete(buffer) && isOurs(buffer)) this.#kept += 1
  }

  /** That write is done. */
  written(buffer: Buffer): void {
    if (isOurs(buffer)) this.#kept -= 1
    this.#retire(buffer)
  }

  /** The burst is over. A buffer that a waiting write keeps stays with that write. */
  giveBack(buffer: Buffer): void {
    if (this.#taken.delete(buffer)) this.#retire(buffer)
  }

  #retire(buffer: Buffer): void {
    if (!isOurs(buffer)) free(buffer)
    else if (this.#free.length < SPARE) this.#free.push(buffer)
  }
}

/** A stream's own buffers are smaller: libuv reads 64 KiB at a time. */
function isOurs(buffer: Buffer): boolean {
  return buffer.length === SIZE
}

/** Frees the memory of a buffer that nobody reads any more; its length is 0 afterwards. */
function free({ buffer, byteLength }: Buffer): void {
  // Memory that is shared with other buffers is left to the garbage collector.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
