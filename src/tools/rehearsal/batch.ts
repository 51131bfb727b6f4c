/** Work that is begun in order, a few pieces at a time: the rest waits for its turn. */
export class Batch {
  readonly #atOnce: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** `atOnce`: how many may be under way at a time. */
  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Runs `work` when its turn has come; answers what it answers, rejects as it rejects. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await work()
    } finally {
      // The place is handed on: `#running` stays as it is unless nobody waits.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
