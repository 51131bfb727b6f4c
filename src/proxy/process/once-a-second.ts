/** For log lines that strangers can cause: one a second, however often the cause comes. Pure. */

import type { Clock } from './clock.ts'

/**
 * Returns a function that passes its argument on to `act` at most once a second, with the number of calls that were left
 * out since the last one that was passed on.
 */
export function onceASecond<Of>(
  clock: Pick<Clock, 'now'>,
  act: (of: Of, leftOut: number) => void,
): (of: Of) => void {
  let last = -Infinity
  let leftOut = 0
  return (of) => {
    const now = clock.now()
    if (now - last < 1000) {
      leftOut += 1
      return
    }
    const before = leftOut
    last = now
    leftOut = 0
    act(of, before)
  }
}
