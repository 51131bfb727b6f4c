/**
 * The health of an app with several ports: each is checked, and the app is healthy while all are. A check of an http
 * URL, or of another port, is a single check for all of them. Shell.
 */
import type { Address } from '../config/config.ts'
import type { Cancel } from '../process/clock.ts'
import { type Checker, type CheckerOptions, type HealthStatus, startChecker } from './checker.ts'

export interface CheckersOptions extends Omit<CheckerOptions, 'app'> {
  /** The app's ports; at least one. */
  readonly apps: readonly Address[]
}

export interface CheckersEvents {
  /** All are healthy. */
  onUp(): void
  /**
   * One port has become unhealthy. `why` is its last error; `index` says which port, undefined if there is one check
   * for all.
   */
  onDown(why: string, index: number | undefined): void
  /** The app has not become healthy within `seconds` of the start; `why` is the last error. Called again every minute. */
  onLate(why: string, seconds: number): void
}

/** An app that is not healthy after this time is late. */
const LATE_MS = 10_000
/** The time between two calls of `onLate`. */
const STILL_LATE_MS = 60_000

export interface Checkers extends Checker {
  /** For each port, in the order of `apps`. With one check for all, each has its result. */
  readonly each: readonly HealthStatus[]
}

/** Starts checking at once. Never throws. */
export function startCheckers(options: CheckersOptions, events: CheckersEvents): Checkers {
  const { apps, ...common } = options
  const own = common.health.kind === 'tcp' && common.health.address === undefined
  const checked = own ? apps : apps.slice(0, 1)
  const several = checked.length > 1
  let cancelLate: Cancel | undefined
  const lookLate = (afterMs: number, sinceMs: number): void => {
    cancelLate = options.clock.after(afterMs, () => {
      const lateMs = sinceMs + afterMs
      lookLate(STILL_LATE_MS, lateMs)
      events.onLate(whole().lastError ?? 'no check has ended', lateMs / 1000)
    })
  }
  lookLate(LATE_MS, 0)
  const checkers = checked.map((app, index) =>
    startChecker(
      { ...common, app },
      {
        onUp() {
          if (!allUp()) return
          cancelLate?.()
          events.onUp()
        },
        onDown: (why) => events.onDown(why, several ? index : undefined),
      },
    ),
  )
  const allUp = (): boolean => checkers.every(({ status }) => status.up)
  const whole = (): HealthStatus => {
    const statuses = checkers.map(({ status }) => status)
    return { ...(statuses.find(({ up }) => !up) ?? statuses[0]!), up: statuses.every(({ up }) => up) }
  }
  return {
    get status() {
      return whole()
    },
    get each() {
      return apps.map((_, index) => (checkers[index] ?? checkers[0]!).status)
    },
    appGone() {
      for (const checker of checkers) checker.appGone()
    },
    stop() {
      cancelLate?.()
      for (const checker of checkers) checker.stop()
    },
  }
}
