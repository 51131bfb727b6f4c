/** What is kept of past drains: a few. */
import tap from 'tap'
import { DRAINS_KEPT, History, STEPS_KEPT } from '../../src/proxy/lifecycle/history.ts'
import { NONE_SAVED } from '../../src/proxy/lifecycle/saved.ts'
import { moved, opened, verdict } from '../../src/proxy/lifecycle/verdict.ts'

const ending = {
  why: 'resume',
  triggers: ['operator'],
  finished: 0,
  failed: 0,
  lastConnectionAt: -Infinity,
  saved: NONE_SAVED,
} as const

void tap.test('the last drains are kept, the newest first, however many there were', async (t) => {
  const history = new History()
  for (let i = 1; i <= 50; i += 1) {
    const record = moved(opened('settling', 0, 0, { finished: 0, failed: 0 }), 'serving', i)
    history.concluded(verdict(record, ending), i)
  }
  t.same(
    history.drains.map(({ endedAt, drainMs }) => [endedAt, drainMs]),
    [50, 49, 48, 47, 46].map((i) => [i, i]),
  )
  t.equal(history.drains.length, DRAINS_KEPT)
})

void tap.test(
  'the phases of the drain that runs; another drain begins anew; no drain has too many',
  async (t) => {
    const history = new History()
    history.entered('settling', 10.4, true)
    history.entered('lame-duck', 20, false)
    t.same(history.steps, [
      ['settling', 10],
      ['lame-duck', 20],
    ])
    history.entered('settling', 30, true)
    t.same(history.steps, [['settling', 30]])
    for (let i = 0; i < 100; i += 1) history.entered(i % 2 === 0 ? 'draining' : 'drained', 40 + i, false)
    t.equal(history.steps.length, STEPS_KEPT)
    t.same(history.steps.at(-1), ['drained', 139])
  },
)
