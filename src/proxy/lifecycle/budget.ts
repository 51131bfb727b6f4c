/**
 * The sums of the one deadline: from --grace-period and its fellows to the moments of a drain, all counted from
 * the first trigger of the kubelet (DESIGN §3, "One deadline"). Refuses sums that cannot work, in terms of the
 * flags. Knows nothing of phases, of time passing, or of how flags are read.
 */

/** Kept free before the kubelet's SIGKILL: to cut what is left, write the verdict and exit. */
export const EXIT_RESERVE_MS = 1000
/** What a container has left after its hook, however late that was answered (the kubelet's minimumGracePeriodInSeconds). */
export const LEAST_GRACE_MS = 2000

/** The part of the configuration that the sums are made of; `lameDuckMaxMs` undefined means: by default. */
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
  /** From the first kubelet trigger: hooks are answered by then, even if requests remain. */
  readonly hookDeadlineMs: number
  /** From the first kubelet trigger: what is left is cut then, in a stop that has its signal. Never before `hookDeadlineMs`. */
  readonly cutMs: number
  /** From the first kubelet trigger: a stop of this pod has brought its signal by then, or it was none. */
  readonly falseAlarmMs: number
}

export type BudgetVerdict =
  | { readonly kind: 'ok'; readonly budget: Budget }
  | { readonly kind: 'impossible'; readonly problems: string[] }

/** When hooks are answered at the latest, ms from the first trigger; an app that needs no time still leaves the reserve. */
function hookDeadline(input: BudgetInput): number {
  return input.gracePeriodMs - Math.max(input.appStopMs, EXIT_RESERVE_MS)
}

/**
 * --lame-duck-max where it is not given, in ms: half of the remaining time after settle (the other half is for
 * the requests in flight), but never less than quiet, which would make it pointless.
 */
export function defaultLameDuckMaxMs(input: BudgetInput): number {
  return Math.max(0, input.quietMs, Math.floor((hookDeadline(input) - input.settleMs) / 2))
}

/** The moments of a drain, or every reason why the sums cannot work, each a sentence that says what to change. */
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

/** A duration as the flags write it. */
function text(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
