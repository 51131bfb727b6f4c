/**
 * Every life of the lifecycle machine, in small worlds whole and in large ones as far as the steps go: no order of events
 * and time breaks a promise of DESIGN §3. `npm run explore` goes further; explore-finds.test.ts shows that it can fail.
 */
import tap from 'tap'
import { EFFORT } from '../fixtures/effort.ts'
import { explore } from './explore/explore.ts'
import { MACHINE } from './explore/mutants.ts'
import { tell } from './explore/story.ts'
import { WORLDS } from './explore/worlds.ts'

const STEPS = 100_000 * EFFORT

for (const world of WORLDS) {
  void tap.test(`no order of events breaks a promise: ${world.name}`, async (t) => {
    const { positions, steps, finding } = explore(MACHINE, world, STEPS)
    t.comment(`${positions} positions, ${steps} steps`)
    t.equal(finding === undefined ? undefined : tell(finding, world), undefined)
    t.ok(steps >= STEPS, 'so many lives there are at least')
  })
}
