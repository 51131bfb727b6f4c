/** For log lines that strangers can cause: so many a second, however often the cause comes. Pure. */

import type { Clock } from './clock.ts'

const SECOND_MS = 1000

/** So many lines in any second that begins with one; the rest are counted. */
export class Sparingly {
  readonly #perSecond: number
  #since = -Infinity
  #said = 0
  #unsaid = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** How many went unsaid before, if one more may be said at this time, or undefined: this one goes unsaid, too. */
  say(nowMs: number): number | undefined {
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
 * Returns a function that passes its argument on to `act` at most once a second, with the number of calls that were left
 * out since the last one that was passed on.
 */
export function onceASecond<Of>(
  clock: Pick<Clock, 'now'>,
  act: (of: Of, leftOut: number) => void,
): (of: Of) => void {
  const calls = new Sparingly(1)
  return (of) => {
    const leftOut = calls.say(clock.now())
    if (leftOut !== undefined) act(of, leftOut)
  }
}
