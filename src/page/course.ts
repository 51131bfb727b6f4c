/**
 * The drain's clock against its budget: where each moment lies and what has been spent. Pure; times are those of the
 * events, durations milliseconds.
 */
import type { LiveBudget, LiveDrain } from '../proxy/admin/live.ts'

export interface Mark {
  readonly name: string
  readonly title: string
  /** From the beginning. */
  readonly at: number
  /** `spared`: it went on before this moment came. `off`: this drain has no such moment. */
  readonly state: 'ahead' | 'passed' | 'spared' | 'off'
}

export interface Spent {
  readonly phase: string
  readonly from: number
  readonly to: number
}

export interface Course {
  /** The length of the track. */
  readonly end: number
  readonly elapsed: number
  readonly marks: readonly Mark[]
  readonly spent: readonly Spent[]
}

/** Without a drain, the course of one that would begin now. */
export function courseOf(budget: LiveBudget, drain: LiveDrain | null, now: number): Course {
  const beganAt = drain?.beganAt ?? now
  // Of a drain that an operator began, the kubelet's clock runs from when it joined, if ever.
  const clock = drain === null ? 0 : drain.clockAt === null ? undefined : drain.clockAt - beganAt
  const elapsed = drain === null ? 0 : now - beganAt
  const entered = (name: string): number | undefined => {
    const step = drain?.phases.find(([phase]) => phase === name)
    return step === undefined ? undefined : step[1] - beganAt
  }
  const settled = entered('lame-duck') ?? budget.settle
  const quietFrom = drain === null || drain.quietFrom === null ? settled : drain.quietFrom - beganAt
  const left = entered('draining')
  const drained = entered('drained')
  const kubelet = (name: string, title: string, ms: number): Mark => ({
    name,
    title,
    at: (clock ?? 0) + ms,
    state: clock === undefined ? 'off' : elapsed >= clock + ms ? 'passed' : 'ahead',
  })
  const latest = settled + budget.lameDuckMax
  const bound = left === undefined ? 'ahead' : left >= latest ? 'passed' : 'spared'
  const marks = [
    own(
      'settle',
      'until then served as ever',
      settled,
      drain !== null && elapsed >= settled ? 'passed' : 'ahead',
    ),
    own(
      'quiet',
      'if nobody comes',
      left ?? quietFrom + budget.quiet,
      left === undefined ? 'ahead' : 'passed',
    ),
    own('lame duck, at most', 'then draining begins in any case', latest, bound),
    drained !== undefined && clock !== undefined
      ? own('hooks answered', 'nothing was in flight any more', drained, 'passed')
      : kubelet('hooks answered', 'at the latest, so that the app has time to stop', budget.hook),
    kubelet('cut', 'what is left then is cut, if a signal has come', budget.cut),
    kubelet('grace period', 'the kubelet kills what is left', budget.grace),
  ]
  const steps = drain?.phases ?? []
  const spent = steps.map(([phase, at], i) => ({
    phase,
    from: at - beganAt,
    to: (steps[i + 1]?.[1] ?? now) - beganAt,
  }))
  return { end: Math.max((clock ?? 0) + budget.grace, elapsed), elapsed, marks, spent }
}

function own(name: string, title: string, at: number, state: Mark['state']): Mark {
  return { name, title, at, state }
}
