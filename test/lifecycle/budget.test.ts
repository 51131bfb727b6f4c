/** The sums of the one deadline (DESIGN §3): what fits, what is refused, and that the refusal says what to change. */
import tap from 'tap'
import { budget, defaultLameDuckMaxMs, type BudgetInput } from '../../src/proxy/lifecycle/budget.ts'

const DEFAULTS: BudgetInput = {
  gracePeriodMs: 30_000,
  settleMs: 3000,
  quietMs: 2000,
  lameDuckMaxMs: undefined,
  appStopMs: 5000,
}

void tap.test('the defaults of the flags: hooks by 25 s, cut at 29 s, lame duck at most 11 s', async (t) => {
  t.same(budget(DEFAULTS), {
    kind: 'ok',
    budget: {
      settleMs: 3000,
      quietMs: 2000,
      lameDuckMaxMs: 11_000,
      appStopMs: 5000,
      hookDeadlineMs: 25_000,
      cutMs: 29_000,
      falseAlarmMs: 32_000,
    },
  })
})

void tap.test(
  'hooks are never answered later than the cut, even if the app needs no time to stop',
  async (t) => {
    const found = budget({ ...DEFAULTS, appStopMs: 0 })
    t.match(found, { kind: 'ok', budget: { hookDeadlineMs: 29_000, cutMs: 29_000 } })
  },
)

void tap.test('the default of lame-duck-max is never below quiet', async (t) => {
  const tight = { ...DEFAULTS, gracePeriodMs: 10_000 }
  t.equal(defaultLameDuckMaxMs(tight), 2000, 'half of what is left would be 1 s')
  t.match(budget(tight), { kind: 'ok', budget: { lameDuckMaxMs: 2000, hookDeadlineMs: 5000 } })
})

const REFUSED: [why: string, change: Partial<BudgetInput>, says: RegExp][] = [
  ['no time at all', { gracePeriodMs: 1000 }, /--grace-period 1s leaves no time to drain/],
  [
    'app-stop equals the grace period',
    { appStopMs: 30_000 },
    /--app-stop 30s takes the whole --grace-period 30s/,
  ],
  ['settle and quiet beyond the hook deadline', { settleMs: 24_000 }, /raise --grace-period to at least 31s/],
  ['a millisecond beyond', { settleMs: 23_001 }, /--settle 23001ms and --quiet 2s do not fit/],
  ['lame-duck-max below quiet', { lameDuckMaxMs: 500 }, /--lame-duck-max 500ms is shorter than --quiet 2s/],
  [
    'lame-duck-max beyond the hook deadline',
    { lameDuckMaxMs: 23_000 },
    /Lower --lame-duck-max to at most 22s/,
  ],
]
for (const [why, change, says] of REFUSED) {
  void tap.test(`refused: ${why}`, async (t) => {
    const found = budget({ ...DEFAULTS, ...change })
    const problems = found.kind === 'impossible' ? found.problems : []
    t.equal(problems.length, 1)
    t.match(problems[0], says)
  })
}

void tap.test('the edges are accepted', async (t) => {
  t.equal(budget({ ...DEFAULTS, settleMs: 23_000 }).kind, 'ok', 'settle + quiet = the hook deadline')
  t.equal(
    budget({ ...DEFAULTS, lameDuckMaxMs: 22_000 }).kind,
    'ok',
    'settle + lame-duck-max = the hook deadline',
  )
  t.equal(budget({ ...DEFAULTS, lameDuckMaxMs: 2000 }).kind, 'ok', 'lame-duck-max = quiet')
})

void tap.test('all mistakes are reported together', async (t) => {
  const found = budget({ ...DEFAULTS, appStopMs: 40_000, lameDuckMaxMs: 1000 })
  t.equal(found.kind === 'impossible' && found.problems.length, 2)
})
