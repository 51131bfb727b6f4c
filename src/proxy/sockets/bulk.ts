/**
 * The buffers of sides that send in bulk: read into and written from in place, without a copy. A side takes one when a
 * read has filled the shared buffer, as there is more to come at once, and gives it back when its burst is over: the
 * last one given back is the next one taken, and still in the processor's cache. A write that has to wait keeps the
 * buffer until it is done. There are only so many: beyond that, bulk is read and copied like everything else, and
 * memory stays bounded however many peers are slow.
 */

const SIZE = 256 * 1024
/** As many can be in use. */
const MOST = 16
/** As many are kept when nobody needs them. */
const SPARE = 4

export class BulkBuffers {
  readonly #free: Buffer[] = []
  /** Those that a side reads into; nobody writes from them later than the read that filled them. */
  readonly #taken = new Set<Buffer>()
  #kept = 0

  /** A buffer to read into, or undefined if too many are in use. */
  take(): Buffer | undefined {
    if (this.#taken.size + this.#kept >= MOST) return undefined
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(SIZE)
    this.#taken.add(buffer)
    return buffer
  }

  /** Whether these bytes are in a buffer that was taken, and may so be written in place. */
  holds(bytes: Buffer): boolean {
    return this.#taken.has(bytes)
  }

  /**
   * A buffer that a stream has made for one read may be written in place like one of these until it is given back. Its
   * memory is then freed at once: left to the garbage collector, 64 MiB of such buffers pile up first.
   */
  lend(chunk: Buffer): void {
    this.#taken.add(chunk)
  }

  /** A write from it has to wait: whoever took it must not read into it again. */
  keep(buffer: Buffer): void {
    if (this.#taken.delete(buffer) && isOurs(buffer)) this.#kept += 1
  }

  /** That write is done. */
  written(buffer: Buffer): void {
    if (isOurs(buffer)) this.#kept -= 1
    this.#retire(buffer)
  }

  /** The burst is over. A buffer that a write has kept meanwhile stays with the write. */
  giveBack(buffer: Buffer): void {
    if (this.#taken.delete(buffer)) this.#retire(buffer)
  }

  #retire(buffer: Buffer): void {
    if (!isOurs(buffer)) free(buffer)
    else if (this.#free.length < SPARE) this.#free.push(buffer)
  }
}

/** A stream's own are smaller: libuv reads 64 KiB at a time. */
function isOurs(buffer: Buffer): boolean {
  return buffer.length === SIZE
}

/** Frees the memory behind a buffer that nobody reads any more; afterwards it is empty. */
function free({ buffer, byteLength }: Buffer): void {
  // Memory that is shared with other buffers is left to the garbage collector.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
