/** Limits log lines that strangers can cause, however often they cause them. Pure. */

import type { Clock } from './clock.ts'

const SECOND_MS = 1000

/** Allows a number of lines in any second that begins with one, and counts the rest. */
export class LineLimit {
  readonly #perSecond: number
  #since = -Infinity
  #said = 0
  #unsaid = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /**
   * If a line may be logged at this time, returns how many were left out before it; otherwise undefined, and this one
   * is left out.
   */
  admit(nowMs: number): number | undefined {
    if (nowMs - this.#since >= SECOND_MS) {
      this.#since = nowMs
      this.#said = 0
    }
    if (this.#said >= this.#perSecond) {
      this.#unsaid += 1
      return undefined
    }
    const unsaid = this.#unsaid
    this.#said += 1
    this.#unsaid = 0
    return unsaid
  }
}

/**
 * Returns a function that passes its argument to `act` at most once a second, with the number of calls left out since
 * the last one that was passed on.
 */
export function onceASecond<Of>(
  clock: Pick<Clock, 'now'>,
  act: (of: Of, leftOut: number) => void,
): (of: Of) => void {
  const calls = new LineLimit(1)
  return (of) => {
    const leftOut = calls.admit(clock.now())
    if (leftOut !== undefined) act(of, leftOut)
  }
}
