/**
 * Whether the app is healthy, from the outcomes of its checks in a row. Pure: knows neither how a check is made nor
 * when. The rule is DESIGN §4: failures and successes in a row decide, so that one 503 during a schema reload does
 * not take a whole fleet out of service.
 */

export interface JudgeRules {
  /** `start`: once up, only the news that the app is gone counts. */
  readonly policy: 'always' | 'start'
  /** Failures in a row that make it down, successes in a row that make it up; 1 or more. */
  readonly failures: number
  readonly successes: number
}

/** `starting` is down too, but the app has not been up yet (or was gone): somebody is waiting for its first success. */
export type Judgement =
  | { readonly kind: 'starting'; readonly successes: number }
  | { readonly kind: 'down'; readonly successes: number }
  | { readonly kind: 'up'; readonly failures: number }

/** What was learnt: a check that went well or did not, or, from elsewhere, that nothing listens there any more. */
export type Outcome = 'success' | 'failure' | 'gone'

export const STARTING: Judgement = { kind: 'starting', successes: 0 }

const UP: Judgement = { kind: 'up', failures: 0 }
const DOWN: Judgement = { kind: 'down', successes: 0 }

/** The next judgement; the same object where nothing changed that matters. */
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
