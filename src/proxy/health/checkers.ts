/**
 * The health of an app with several ports: a check of each, and the app is healthy while all of its ports are. A check
 * by an http URL, or of another port, is one check for all. Shell.
 */
import type { Address } from '../config/config.ts'
import { type Checker, type CheckerOptions, type HealthStatus, startChecker } from './checker.ts'

export interface CheckersOptions extends Omit<CheckerOptions, 'app'> {
  /** The app's ports; at least one. */
  readonly apps: readonly Address[]
}

export interface CheckersEvents {
  /** All are healthy. */
  onUp(): void
  /** One has become unhealthy. `why` is its last error; `index` says which of several, else undefined. */
  onDown(why: string, index: number | undefined): void
}

export interface Checkers extends Checker {
  /** Of each port, in the order of `apps`; where one check is for all, each has its outcome. */
  readonly each: readonly HealthStatus[]
}

/** Starts checking at once. Never throws. */
export function startCheckers(options: CheckersOptions, events: CheckersEvents): Checkers {
  const { apps, ...common } = options
  const own = common.health.kind === 'tcp' && common.health.address === undefined
  const checked = own ? apps : apps.slice(0, 1)
  const several = checked.length > 1
  const checkers = checked.map((app, index) =>
    startChecker(
      { ...common, app },
      {
        onUp() {
          if (allUp()) events.onUp()
        },
        onDown: (why) => events.onDown(why, several ? index : undefined),
      },
    ),
  )
  const allUp = (): boolean => checkers.every(({ status }) => status.up)
  return {
    get status() {
      const statuses = checkers.map(({ status }) => status)
      return { ...(statuses.find(({ up }) => !up) ?? statuses[0]!), up: statuses.every(({ up }) => up) }
    },
    get each() {
      return apps.map((_, index) => (checkers[index] ?? checkers[0]!).status)
    },
    appGone() {
      for (const checker of checkers) checker.appGone()
    },
    stop() {
      for (const checker of checkers) checker.stop()
    },
  }
}
