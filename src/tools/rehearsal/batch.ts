/** Runs a limited number of tasks at a time, in the order in which they were given. */
export class Batch {
  readonly #atOnce: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** `atOnce`: how many tasks may run at a time. */
  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Runs `work` when its turn has come. Resolves or rejects as `work` does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await work()
    } finally {
      // The next task takes over this one's place, so `#running` changes only if none waits.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
