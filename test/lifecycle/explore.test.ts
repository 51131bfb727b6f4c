/**
 * Every life of the lifecycle machine, in small worlds whole and in large ones as far as the steps go: no order of events
 * and time breaks a promise of DESIGN §3. `npm run explore` goes further. And: the explorer finds machines that are wrong.
 */
import tap from 'tap'
import { explore, type Finding, type World } from './explore/explore.ts'
import type { Machine } from './explore/moves.ts'
import { MACHINE, MUTANTS } from './explore/mutants.ts'
import { PROMISES } from './explore/promises.ts'
import { tell } from './explore/story.ts'
import { WORLDS } from './explore/worlds.ts'

const STEPS = 100_000

for (const world of WORLDS) {
  void tap.test(`no life breaks a promise: ${world.name}`, async (t) => {
    const { positions, steps, finding } = explore(MACHINE, world, STEPS)
    t.comment(`${positions} positions, ${steps} steps`)
    t.equal(finding === undefined ? undefined : tell(finding, world), undefined)
    t.ok(steps >= STEPS, 'so many lives there are at least')
  })
}

for (const { name, machine, breaks } of MUTANTS) {
  void tap.test(`found: ${name}`, async (t) => {
    const found = firstFound(machine)
    t.equal(found?.finding.broken, breaks)
  })
}

void tap.test('each promise over a move can be broken: some wrong machine is found by it', async (t) => {
  const found = new Set(MUTANTS.map(({ breaks }) => breaks))
  t.same(
    PROMISES.filter(({ name }) => !found.has(name)),
    [],
  )
})

void tap.test('a finding is a shortest story, told with times, phases and orders', async (t) => {
  const { machine } = MUTANTS.find(({ name }) => name === 'requests wait at the door of a proxy that serves')!
  const found = firstFound(machine)
  t.equal(
    found && tell(found.finding, found.world),
    [
      'broken: the door stands as the phase says',
      'world: no settle, no quiet, by the second',
      '   0.000 s  starting              app healthy                         -> serving (app-up)',
    ].join('\n'),
  )
  const hooks = firstFound(MUTANTS.find(({ name }) => name === 'no hook deadline while draining')!.machine)
  t.same(
    hooks?.finding.story.map(({ move }) => move.name),
    ['GET /prestop/app', 'a second passes', 'a second passes', 'GET /prestop/sidecar'],
  )
})

/** The first world in which this machine breaks a promise. */
function firstFound(machine: Machine): { world: World; finding: Finding } | undefined {
  for (const world of WORLDS) {
    const { finding } = explore(machine, world, STEPS)
    if (finding !== undefined) return { world, finding }
  }
  return undefined
}
