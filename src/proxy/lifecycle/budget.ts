/**
 * The arithmetic of the one deadline: from --grace-period and the flags around it to the moments of a drain, all
 * counted from the kubelet's first trigger (DESIGN §3, "One deadline"). Refuses combinations that cannot work, in terms
 * of the flags. Knows nothing of phases, the clock, or how flags are parsed.
 */

/** Reserved before the kubelet's SIGKILL: to cut what is left, write the verdict and exit. */
export const EXIT_RESERVE_MS = 1000
/**
 * What a container has left after its hook, however late the hook was answered (the kubelet's
 * minimumGracePeriodInSeconds).
 */
export const LEAST_GRACE_MS = 2000

/** The configuration that the budget is computed from. `lameDuckMaxMs` undefined: use the default. */
export interface BudgetInput {
  readonly gracePeriodMs: number
  readonly settleMs: number
  readonly quietMs: number
  readonly lameDuckMaxMs: number | undefined
  readonly appStopMs: number
}

export interface Budget {
  readonly settleMs: number
  readonly quietMs: number
  readonly lameDuckMaxMs: number
  readonly appStopMs: number
  /** Hooks are answered by then, even if requests remain. From the kubelet's first trigger. */
  readonly hookDeadlineMs: number
  /**
   * In a stop with its signal, what is left is cut then. From the kubelet's first trigger; never before
   * `hookDeadlineMs`.
   */
  readonly cutMs: number
  /** A real stop of this pod has brought its signal by then. From the kubelet's first trigger. */
  readonly falseAlarmMs: number
}

export type BudgetVerdict =
  | { readonly kind: 'ok'; readonly budget: Budget }
  | { readonly kind: 'impossible'; readonly problems: string[] }

/**
 * When hooks are answered at the latest, in ms from the first trigger. The reserve is kept even if the app needs no
 * time.
 */
function hookDeadline(input: BudgetInput): number {
  return input.gracePeriodMs - Math.max(input.appStopMs, EXIT_RESERVE_MS)
}

/**
 * The default of --lame-duck-max, in ms: half of the time that is left after settle (the other half is for requests in
 * flight), but at least quiet, without which lame duck would be pointless.
 */
export function defaultLameDuckMaxMs(input: BudgetInput): number {
  return Math.max(0, input.quietMs, Math.floor((hookDeadline(input) - input.settleMs) / 2))
}

/** Returns the moments of a drain, or every reason why the flags cannot work together; each says what to change. */
export function budget(input: BudgetInput): BudgetVerdict {
  const { gracePeriodMs, settleMs, quietMs, appStopMs } = input
  const hookDeadlineMs = hookDeadline(input)
  const lameDuckMaxMs = input.lameDuckMaxMs ?? defaultLameDuckMaxMs(input)
  const problems: string[] = []

  if (gracePeriodMs <= EXIT_RESERVE_MS) {
    problems.push(
      `--grace-period ${text(gracePeriodMs)} leaves no time to drain: the last ${text(EXIT_RESERVE_MS)} is reserved for ` +
        `the exit. Raise it together with the pod's terminationGracePeriodSeconds.`,
    )
  } else if (appStopMs >= gracePeriodMs) {
    problems.push(
      `--app-stop ${text(appStopMs)} takes the whole --grace-period ${text(gracePeriodMs)}: no time is left to drain. ` +
        `Lower --app-stop or raise --grace-period.`,
    )
  } else if (settleMs + quietMs > hookDeadlineMs) {
    problems.push(
      `--settle ${text(settleMs)} and --quiet ${text(quietMs)} do not fit before the hooks must be answered, ` +
        `${text(hookDeadlineMs)} after the first trigger (--grace-period ${text(gracePeriodMs)} less ` +
        `--app-stop ${text(appStopMs)}, at least ${text(EXIT_RESERVE_MS)}). Lower --settle, --quiet or --app-stop, ` +
        `or raise --grace-period to at least ${text(settleMs + quietMs + gracePeriodMs - hookDeadlineMs)}.`,
    )
  } else if (settleMs + lameDuckMaxMs > hookDeadlineMs) {
    problems.push(
      `--settle ${text(settleMs)} and --lame-duck-max ${text(lameDuckMaxMs)} do not fit before the hooks must be ` +
        `answered, ${text(hookDeadlineMs)} after the first trigger. Lower --lame-duck-max to at most ` +
        `${text(hookDeadlineMs - settleMs)}, or raise --grace-period.`,
    )
  }
  if (lameDuckMaxMs < quietMs) {
    problems.push(
      `--lame-duck-max ${text(lameDuckMaxMs)} is shorter than --quiet ${text(quietMs)}: lame duck would always end before ` +
        `--quiet has passed. Raise --lame-duck-max to at least ${text(quietMs)} or lower --quiet.`,
    )
  }
  if (problems.length > 0) return { kind: 'impossible', problems }
  const cutMs = gracePeriodMs - EXIT_RESERVE_MS
  const falseAlarmMs = gracePeriodMs + LEAST_GRACE_MS
  return {
    kind: 'ok',
    budget: { settleMs, quietMs, lameDuckMaxMs, appStopMs, hookDeadlineMs, cutMs, falseAlarmMs },
  }
}

/** A duration as it is written in flags. */
function text(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
