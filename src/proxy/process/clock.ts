/** Time, as the shell provides it. Pure code gets `now` as a number and never reads a clock. */

/** Cancels an `after`; has no effect if it has fired. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds of a monotonic clock. Only differences are meaningful. */
  now(): number
  /** Calls `run` once, after `ms` milliseconds (at the next turn of the event loop if `ms` is not positive). */
  after(ms: number, run: () => void): Cancel
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
