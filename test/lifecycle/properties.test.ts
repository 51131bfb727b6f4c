/**
 * The promises of DESIGN §3 over random lives: triggers, app events, arrivals and time in any order, under random
 * budgets. What is checked at each effect is in fixtures/life.ts; here, how each life must be able to end.
 */
import * as fc from 'fast-check'
import tap from 'tap'
import { budget, EXIT_RESERVE_MS, LEAST_GRACE_MS } from '../../src/proxy/lifecycle/budget.ts'
import { command, Life } from '../fixtures/life.ts'
import { APP_BACK, APP_HOOK, APP_UP, RESUME, SIDECAR_HOOK, SIGTERM, World } from '../fixtures/world.ts'

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

void tap.test('a signal ends it by the deadline, whatever came before', async (t) => {
  t.doesNotThrow(() =>
    lives((life) => {
      life.event(SIGTERM)
      const ms = Math.max(life.world.state.budget.cutMs, LEAST_GRACE_MS - EXIT_RESERVE_MS)
      life.do({ kind: 'advance', ms })
      life.holds(life.world.phase === 'exited', 'still alive')
      life.holds(life.allAnswered, 'a hook was never answered')
    }),
  )
})

void tap.test(
  "hooks alone end nothing: by grace-period + 2 s it serves, or has followed its app's end",
  async (t) => {
    let served = 0
    let followed = 0
    lives((life) => {
      const { world, seen } = life
      const exited = () => world.phase === 'exited'
      if (seen.signals > 0 || exited()) return
      life.event(SIDECAR_HOOK)
      life.do({ kind: 'advance', ms: world.state.budget.falseAlarmMs })
      life.holds(life.allAnswered, 'a hook was never answered')
      if (exited()) {
        life.holds(seen.ended, 'ended by a hook')
        followed += 1
      } else {
        const back = seen.operator ? ['draining', 'drained'] : ['serving']
        life.holds(back.includes(world.phase), 'neither served nor ended')
        life.holds(life.listenerOpen, 'serving behind a closed door')
        if (!seen.operator) served += 1
      }
    })
    t.ok(served > 1000 && followed > 20, `${served} served again, ${followed} followed their app`)
  },
)

/** Longer than every wait of the machine with these budgets. */
const PATIENCE_MS = 200_000

for (const finishes of [true, false]) {
  void tap.test(
    `a drain can always end (what is in flight ${finishes ? 'finishes' : 'hangs'})`,
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
          }
          if (seen.operator) life.event(RESUME)
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
      life.do({ kind: 'advance', ms: world.state.budget.falseAlarmMs })
      life.holds(world.phase === 'serving', 'drained for ever')
    }),
  )
})
