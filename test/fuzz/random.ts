/** Random choices that a seed brings back. Pure (mulberry32). */

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
  }

  /** True in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** `count` times what `make` makes, `count` being at most `most`. */
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  /** Cuts bytes into up to `most` pieces, anywhere. */
  cut(bytes: Buffer, most: number): Buffer[] {
    const at = this.some(most - 1, () => this.below(bytes.length + 1)).toSorted((a, b) => a - b)
    return [0, ...at]
      .map((start, i) => bytes.subarray(start, at[i] ?? bytes.length))
      .filter((p) => p.length > 0)
  }
}
