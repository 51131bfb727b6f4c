/**
 * Whether the app is healthy, given the results of its checks. Pure: does not know how or when a check is made. By
 * DESIGN §4, consecutive failures and successes decide, so that one 503 during a schema reload does not take a whole
 * fleet out of service.
 */

export interface JudgeRules {
  /** `start`: once the app is up, only `gone` counts. */
  readonly policy: 'always' | 'start'
  /** Consecutive failures that make it down, and consecutive successes that make it up; at least 1. */
  readonly failures: number
  readonly successes: number
}

/** `starting` is down as well, but the app has not been up yet, or was gone: its first success is awaited. */
export type Judgement =
  | { readonly kind: 'starting'; readonly successes: number }
  | { readonly kind: 'down'; readonly successes: number }
  | { readonly kind: 'up'; readonly failures: number }

/** The result of a check; or, from outside, that nothing listens there any more. */
export type Outcome = 'success' | 'failure' | 'gone'

export const STARTING: Judgement = { kind: 'starting', successes: 0 }

const UP: Judgement = { kind: 'up', failures: 0 }
const DOWN: Judgement = { kind: 'down', successes: 0 }

/** Returns the next judgement; the same object if nothing relevant has changed. */
export function judge(rules: JudgeRules, state: Judgement, outcome: Outcome): Judgement {
  if (outcome === 'gone') return STARTING
  if (state.kind === 'up') return judgeUp(rules, state.failures, outcome)
  if (outcome === 'failure') return state.kind === 'starting' ? STARTING : DOWN
  const successes = state.successes + 1
  return successes >= rules.successes ? UP : { kind: state.kind, successes }
}

function judgeUp(rules: JudgeRules, before: number, outcome: 'success' | 'failure'): Judgement {
  if (outcome === 'success' || rules.policy === 'start') return UP
  const failures = before + 1
  return failures >= rules.failures ? DOWN : { kind: 'up', failures }
}
