/**
 * Chance with a memory: a small seeded generator (mulberry32), so that a rehearsal can be run again with the same
 * lags, idle times and choices. What the operating system does with them still varies.
 */

export class Random {
  #state: number

  /** `seed`: any number; its lower 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** The next number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** Evenly spread over [from, to). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** Spread evenly over the magnitudes of [from, to): as many between 20 and 200 as between 200 and 2000. */
  magnitude(from: number, to: number): number {
    return Math.exp(this.between(Math.log(from), Math.log(to)))
  }

  /** One of `items`; undefined only if there is none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)]
  }

  /** An independent generator, so that one consumer's appetite does not shift the numbers of another. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 0x1_0000_0000))
  }
}
