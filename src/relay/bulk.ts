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

  /** A write from it has to wait: whoever took it must not read into it again. */
  keep(buffer: Buffer): void {
    if (this.#taken.delete(buffer)) this.#kept += 1
  }

  /** That write is done. */
  written(buffer: Buffer): void {
    this.#kept -= 1
    if (this.#free.length < SPARE) this.#free.push(buffer)
  }

  /** The burst is over. A buffer that a write has kept meanwhile stays with the write. */
  giveBack(buffer: Buffer): void {
    if (this.#taken.delete(buffer) && this.#free.length < SPARE) this.#free.push(buffer)
  }
}
