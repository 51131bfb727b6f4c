/**
 * The promises of DESIGN §3 over random lives: triggers, app events, arrivals and time in any order, under random
 * budgets. What is checked at each effect is in fixtures/life.ts; here, how each life must be able to end.
 */
import * as fc from 'fast-check'
import tap from 'tap'
import { budget } from '../../src/lifecycle/budget.ts'
import { APP_STOP_SLACK_MS, UNPROVEN_DRAINING_MS } from '../../src/lifecycle/machine.ts'
import { command, Life } from '../fixtures/life.ts'
import { APP_BACK, APP_HOOK, APP_UP, RESUME, SIDECAR_HOOK, World } from '../fixtures/world.ts'

const SEED = 20_261_121
const plan = fc
  .record({
    gracePeriodMs: fc.integer({ min: 1001, max: 60_000 }),
    settleMs: fc.nat({ max: 10_000 }),
    quietMs: fc.nat({ max: 8000 }),
    lameDuckMaxMs: fc.option(fc.nat({ max: 30_000 }), { nil: undefined }),
    appStopMs: fc.nat({ max: 20_000 }),
  })
  .map((flags) => budget(flags))
  .filter((found) => found.kind === 'ok')

/** Runs random lives and, at the end of each, `last`. */
function lives(last: (life: Life) => void, numRuns = 5000): void {
  const commands = fc.array(command, { maxLength: 40 })
  const holds = fc.property(plan, fc.boolean(), commands, (found, healthy, each) => {
    const life = new Life(new World(found.budget))
    if (healthy) life.event(APP_UP)
    for (const c of each) life.do(c)
    last(life)
  })
  fc.assert(holds, { numRuns, seed: SEED })
}

void tap.test('exits, cuts, closes and answers only when it may', async (t) => {
  t.doesNotThrow(() => lives(() => undefined, 15_000))
})

void tap.test('proof ends it by the deadline, whatever came before', async (t) => {
  t.doesNotThrow(() =>
    lives((life) => {
      life.event(SIDECAR_HOOK)
      life.do({ kind: 'advance', ms: life.world.state.budget.cutMs })
      life.holds(life.world.phase === 'exited', 'still alive')
      life.holds(life.allAnswered, 'a hook was never answered')
    }),
  )
})

/** Longer than every wait of the machine with these budgets. */
const PATIENCE_MS = 200_000

for (const finishes of [true, false]) {
  void tap.test(
    `there is always a way out (what is in flight ${finishes ? 'finishes' : 'hangs'})`,
    async (t) => {
      t.doesNotThrow(() =>
        lives((life) => {
          const { world, seen } = life
          const rests = () =>
            world.phase === 'serving' || world.phase === 'exited' || world.phase === 'starting'
          if (finishes) life.do({ kind: 'finish-all' })
          life.do({ kind: 'advance', ms: PATIENCE_MS })
          life.holds(life.allAnswered, 'a hook was never answered')
          if (rests()) return
          if (seen.appCalled) {
            life.holds(seen.everGone, 'the app never went away, and nobody serves')
            life.event(APP_BACK)
            life.event(APP_UP)
          } else {
            life.event(RESUME)
          }
          life.holds(rests(), 'stuck')
        }),
      )
    },
  )
}

void tap.test('an app that is to stop and never does is served again, by itself and in time', async (t) => {
  t.doesNotThrow(() =>
    lives((life) => {
      const { world } = life
      if (world.phase !== 'serving') return
      life.event(APP_HOOK)
      const { settleMs, lameDuckMaxMs, appStopMs } = world.state.budget
      const ms = settleMs + lameDuckMaxMs + UNPROVEN_DRAINING_MS + appStopMs + APP_STOP_SLACK_MS
      life.do({ kind: 'advance', ms })
      life.holds(world.phase === 'serving', 'drained for ever')
    }),
  )
})
