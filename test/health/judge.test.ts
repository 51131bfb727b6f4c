/** The judge of the app's health (DESIGN §4): failures and successes in a row, and the policy `start`. */
import tap from 'tap'
import {
  judge,
  type JudgeRules,
  type Judgement,
  type Outcome,
  STARTING,
} from '../../src/proxy/health/judge.ts'

const RULES: JudgeRules = { policy: 'always', failures: 3, successes: 1 }

/** One character an outcome (+ success, - failure, x gone); the kind of the judgement after each. */
function run(rules: JudgeRules, outcomes: string): string[] {
  const names: Readonly<Record<string, Outcome>> = { '+': 'success', '-': 'failure', x: 'gone' }
  let state: Judgement = STARTING
  return outcomes.split('').map((character) => {
    state = judge(rules, state, names[character]!)
    return state.kind
  })
}

void tap.test('is down until the first success', async (t) => {
  t.same(run(RULES, '--+'), ['starting', 'starting', 'up'])
})

void tap.test('three consecutive failures are needed; a success in between resets the count', async (t) => {
  t.same(run(RULES, '+--+--'), ['up', 'up', 'up', 'up', 'up', 'up'])
  t.same(run(RULES, '+---'), ['up', 'up', 'up', 'down'])
})

void tap.test('with more successes asked for, a failure in between begins anew', async (t) => {
  const rules = { ...RULES, successes: 2 }
  t.same(run(rules, '+-++'), ['starting', 'starting', 'starting', 'up'])
  t.same(run(rules, '++---+-++').slice(4), ['down', 'down', 'down', 'down', 'up'])
})

void tap.test('one failure is enough where one is asked for', async (t) => {
  t.same(run({ ...RULES, failures: 1 }, '+-'), ['up', 'down'])
})

void tap.test('gone is down at once and begins anew, whatever the policy', async (t) => {
  for (const policy of ['always', 'start'] as const)
    t.same(run({ ...RULES, policy, successes: 2 }, '++x+-++'), [
      'starting',
      'up',
      'starting',
      'starting',
      'starting',
      'starting',
      'up',
    ])
})

void tap.test('policy start: once up, no number of failures matters', async (t) => {
  const kinds = run({ ...RULES, policy: 'start' }, `-+${'-'.repeat(50)}`)
  t.equal(kinds[0], 'starting')
  t.ok(kinds.slice(1).every((kind) => kind === 'up'))
})
