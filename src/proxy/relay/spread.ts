/**
 * Does something to many, one after the other, evenly over a time: clients that are all told to leave in one moment
 * would all come back in one moment, to somebody else (DESIGN §1, `--websocket-spread`). A new round, or `stop`, drops
 * those of the last that are left.
 */

import type { Cancel, Clock } from '../process/clock.ts'

/** How often it wakes up at most; at each time all that are due have their turn. */
const STEP_MS = 5

export class Spread {
  readonly #clock: Clock
  #cancel: Cancel | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `tell` for each: the first now, the last before `overMs` have passed. */
  start<One>(ones: readonly One[], overMs: number, tell: (one: One) => void): void {
    this.stop()
    const gapMs = overMs / ones.length
    const beganAt = this.#clock.now()
    let next = 0
    const turn = (): void => {
      const passedMs = this.#clock.now() - beganAt
      while (next < ones.length && next * gapMs <= passedMs) tell(ones[next++]!)
      if (next === ones.length) return
      this.#cancel = this.#clock.after(Math.max(STEP_MS, next * gapMs - passedMs), turn)
    }
    turn()
  }

  /** Those that are left are not told. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
