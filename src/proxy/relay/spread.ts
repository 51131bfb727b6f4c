/**
 * Calls a function for many items, one after the other, evenly over a time: clients that are all told to leave at the
 * same moment would all reconnect at the same moment (DESIGN §1, `--websocket-spread`). A new round, or `stop`, drops
 * what is left of the last.
 */

import type { Cancel, Clock } from '../process/clock.ts'

/** The shortest time between two wake-ups; each handles all that are due. */
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

  /** The rest are not called. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
