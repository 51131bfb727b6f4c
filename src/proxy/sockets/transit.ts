/** Bytes that were sent one way and not yet received: each must arrive once, in order. Pure. */
export class Transit {
  readonly #parts: Buffer[] = []
  /** How much of the first part has been received. */
  #at = 0
  #left = 0

  /** How many bytes are on their way. */
  get left(): number {
    return this.#left
  }

  get isEmpty(): boolean {
    return this.#left === 0
  }

  /** The bytes must not change until they are received. */
  sent(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#left += bytes.length
  }

  /** Removes `bytes[0..count)`; false if other bytes, or fewer, were sent. */
  received(bytes: Buffer, count: number): boolean {
    let at = 0
    while (at < count) {
      const part = this.#parts[0]
      if (part === undefined) return false
      const length = Math.min(count - at, part.length - this.#at)
      if (bytes.compare(part, this.#at, this.#at + length, at, at + length) !== 0) return false
      at += length
      this.#at += length
      this.#left -= length
      if (this.#at < part.length) continue
      this.#parts.shift()
      this.#at = 0
    }
    return true
  }
}
