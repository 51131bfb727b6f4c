/** Time, as the shell hands it to the rest: pure code gets `now` as a number and never asks. */

/** Undoes an `after` that has not fired; harmless when it has. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds of a monotonic clock; only differences mean anything. */
  now(): number
  /** Calls `run` once, `ms` milliseconds from now (at the next turn if `ms` is not positive). */
  after(ms: number, run: () => void): Cancel
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
