/** The verdict line: what each way of ending a drain says about it. */
import tap from 'tap'
import { NONE_SAVED } from '../../src/proxy/lifecycle/saved.ts'
import type { Phase } from '../../src/proxy/lifecycle/state.ts'
import { moved, opened, verdict, type Ending, type DrainRecord } from '../../src/proxy/lifecycle/verdict.ts'

const END: Ending = {
  why: 'app gone',
  triggers: ['signal'],
  finished: 114,
  failed: 7,
  lastConnectionAt: -Infinity,
  saved: NONE_SAVED,
}

/** A book in which each phase took so many ms, from 1000 on. */
function book(first: Phase, ...moves: [ms: number, to: Phase][]): DrainRecord {
  let now = 1000
  let record = opened(first, now, 14, { finished: 100, failed: 7 })
  for (const [ms, to] of moves) record = moved(record, to, (now += ms))
  return record
}
const drained = book(
  'settling',
  [3000, 'lame-duck'],
  [2100, 'draining'],
  [100, 'drained'],
  [0, 'exiting'],
  [0, 'exited'],
)

const LINES: [what: string, record: DrainRecord, end: Partial<Ending>, line: string][] = [
  [
    'drained, nobody to wait for',
    drained,
    { lastConnectionAt: 2200 },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'last new connection 1.2 s after the drain began',
  ],
  [
    'a connection from before the drain is no late one',
    drained,
    { lastConnectionAt: 900 },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'nor is one of its first moment',
    drained,
    { lastConnectionAt: 1000 },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'the app ended with requests in flight, as nobody called its hook',
    drained,
    { failed: 12 },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 9 finished, 0 cut; ' +
      '5 failed because the app ended or broke the connection (its preStop hook /prestop/app was not called); ' +
      'no new connection arrived after the drain began',
  ],
  [
    'the app failed one although it was told to stop only later',
    drained,
    { failed: 8, triggers: ['app', 'signal'] },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 13 finished, 0 cut; ' +
      '1 failed because the app ended or broke the connection; no new connection arrived after the drain began',
  ],
  [
    'the app failed one, and was not told to stop, as it goes on serving',
    book('settling', [3000, 'serving']),
    { failed: 8, triggers: ['operator'] },
    'back in service after 3.0 s (settle 3.0 s): 14 in flight at the start, 13 finished, 0 cut; ' +
      '1 failed because the app ended or broke the connection; no new connection arrived after the drain began',
  ],
  [
    'an app that has never been healthy has not ended, and no hook of it is missed',
    book('draining', [100, 'drained'], [200, 'exited']),
    { failed: 8 },
    'drained in 0.1 s (draining 0.1 s), exited 0.2 s later (app gone): 14 in flight at the start, 13 finished, 0 cut; ' +
      '1 failed: the app had not become healthy before the drain began; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'one that was saved and one that arrived',
    drained,
    { saved: { inFlight: 1, arrived: 1 } },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'saved 1 in flight and 1 that arrived later; no new connection arrived after the drain began',
  ],
  [
    'drained from the start, then lingering',
    book('drained', [200, 'exiting'], [300, 'exited']),
    {},
    'drained in 0.0 s, exited 0.5 s later (app gone): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'drained without lingering',
    book('draining', [1000, 'drained'], [200, 'exited']),
    {},
    'drained in 1.0 s (draining 1.0 s), exited 0.2 s later (app gone): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'cut when drained',
    { ...book('draining', [1000, 'drained'], [200, 'exited']), cut: 1 },
    { why: 'deadline' },
    'ended by deadline after 1.2 s (draining 1.0 s): 14 in flight at the start, 14 finished, 1 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'what was saved',
    drained,
    { saved: { inFlight: 13, arrived: 1 } },
    'drained in 5.2 s (settle 3.0 s, lame duck 2.1 s, draining 0.1 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'saved 13 in flight and 1 that arrived later; no new connection arrived after the drain began',
  ],
  [
    'drained twice: proof came when drained',
    book(
      'settling',
      [1000, 'drained'],
      [5000, 'draining'],
      [300, 'drained'],
      [200, 'exiting'],
      [0, 'exited'],
    ),
    {},
    'drained in 1.3 s (settle 1.0 s, draining 0.3 s), exited 5.2 s later (app gone): 14 in flight at the start, ' +
      '14 finished, 0 cut; no new connection arrived after the drain began',
  ],
  [
    'second signal with nothing in flight',
    book('settling', [500, 'exited']),
    { why: 'second signal' },
    'ended by second signal after 0.5 s (settle 0.5 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'cut',
    { ...book('draining', [29_000, 'exited']), cut: 2 },
    { why: 'deadline', finished: 112 },
    'ended by deadline after 29.0 s (draining 29.0 s): 14 in flight at the start, 12 finished, 2 cut; ' +
      'no new connection arrived after the drain began',
  ],
  [
    'taken back',
    book('settling', [1500, 'serving']),
    { why: 'resume', triggers: ['operator'] },
    'back in service after 1.5 s (settle 1.5 s): 14 in flight at the start, 14 finished, 0 cut; ' +
      'no new connection arrived after the drain began',
  ],
]
for (const [what, record, end, line] of LINES) {
  void tap.test(what, async (t) => t.equal(verdict(record, { ...END, ...end }).text, line))
}

void tap.test('the record carries the sums in whole ms, and whether the stop was proven', async (t) => {
  const { text: _, ...record } = verdict(drained, { ...END, lastConnectionAt: 2200.4 })
  t.same(record, {
    outcome: 'exited',
    why: 'app gone',
    triggers: ['signal'],
    proof: true,
    drainMs: 5200,
    phasesMs: { settling: 3000, 'lame-duck': 2100, draining: 100, drained: 0, exiting: 0 },
    inFlight: 14,
    finished: 14,
    failed: 0,
    cut: 0,
    saved: NONE_SAVED,
    lastConnectionMs: 1200,
  })
  t.notOk(verdict(drained, { ...END, triggers: ['app', 'operator'] }).proof)
})
