/**
 * Checks the app's health as long as the process runs. Shell: sets the pace (one check at a time, fast until the first
 * success) and reports when the judgement changes. How a check is made is in `check.ts`, what it means in `judge.ts`.
 * DESIGN §4.
 */
import type { Cancel, Clock } from '../process/clock.ts'
import type { Address, Field, HealthCheck } from '../config/config.ts'
import { check, type Checked } from './check.ts'
import { judge, STARTING } from './judge.ts'

export interface CheckerOptions {
  readonly app: Address
  readonly health: HealthCheck
  /** Sent with each http check. */
  readonly headers: readonly Field[]
  readonly healthPolicy: 'always' | 'start'
  /** From the start of one check to the start of the next. */
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failures: number
  readonly successes: number
  readonly clock: Clock
}

export interface CheckerEvents {
  onUp(): void
  /** `why` is the error of the last check, or says that the app is gone. */
  onDown(why: string): void
}

export interface HealthStatus {
  readonly up: boolean
  readonly kind: HealthCheck['kind']
  /** Why the last check failed; absent if it did not. */
  readonly lastError?: string
  /** When the last check ended, as ISO 8601; absent before the first. */
  readonly lastCheckAt?: string
}

export interface Checker {
  readonly status: HealthStatus
  /**
   * Reported from outside: nothing listens at the app's address. The app is down at once, and is checked fast until it
   * is up.
   */
  appGone(): void
  /** No check, and no call of an event, after this. */
  stop(): void
}

/** Until the app is up: short enough not to delay a start, long enough not to disturb it. */
const STARTING_INTERVAL_MS = 50

/**
 * Starts checking at once; the app counts as down until `successes` consecutive checks succeed. Never throws. With the
 * policy `start`, the first success ends the checks until `appGone`.
 */
export function startChecker(options: CheckerOptions, events: CheckerEvents): Checker {
  const { app, health, headers, intervalMs, timeoutMs, clock } = options
  const rules = { policy: options.healthPolicy, failures: options.failures, successes: options.successes }
  let state = STARTING
  let lastError: string | undefined
  let lastCheckAt: string | undefined
  let startedAt = 0
  let stopped = false
  /** Ends the current check, or the wait for the next one. */
  let cancel: Cancel | undefined

  const run = () => {
    startedAt = clock.now()
    cancel = check(app, health, headers, timeoutMs, clock, learn)
  }
  const learn = (result: Checked) => {
    lastCheckAt = new Date().toISOString()
    lastError = result.ok ? undefined : result.why
    const before = state
    state = judge(rules, before, result.ok ? 'success' : 'failure')
    planNext()
    if (before.kind !== 'up' && state.kind === 'up') events.onUp()
    if (before.kind === 'up' && state.kind !== 'up') events.onDown(lastError ?? '')
  }
  const planNext = () => {
    cancel = undefined
    if (state.kind === 'up' && rules.policy === 'start') return
    const everyMs = state.kind === 'starting' ? Math.min(STARTING_INTERVAL_MS, intervalMs) : intervalMs
    cancel = clock.after(startedAt + everyMs - clock.now(), run)
  }
  run()

  return {
    get status() {
      return {
        up: state.kind === 'up',
        kind: health.kind,
        ...(lastError !== undefined && { lastError }),
        ...(lastCheckAt !== undefined && { lastCheckAt }),
      }
    },
    appGone() {
      if (stopped || state.kind === 'starting') return
      cancel?.()
      const before = state
      state = judge(rules, before, 'gone')
      lastError = 'nothing listens at its address any more'
      run()
      if (before.kind === 'up') events.onDown(lastError)
    },
    stop() {
      stopped = true
      cancel?.()
    },
  }
}
