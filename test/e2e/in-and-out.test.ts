/** The three apps of the steps `add` and `remove` are what they say: each takes the way that it stands for. */
import tap from 'tap'
import type { FailureReport } from '../../images/load-client/main.ts'
import type { Live } from '../../src/tools/cluster/live.ts'
import { planToAdd } from '../../src/tools/cluster/planning.ts'
import { allowance, together, tooMany } from './bare-losses.ts'
import { appOf, perStep, type Shape } from './in-and-out.ts'
import type { PodStory } from './pods.ts'
import { byDeath, mortal } from './table.ts'

const images = { lastcall: 'lastcall:x', app: 'app:x', client: 'client:x', pullPolicy: 'Never' }
const request = {
  mode: 'plain' as const,
  image: undefined,
  defaultImage: 'lastcall:x',
  container: undefined,
  bindEnv: undefined,
  bindArg: undefined,
  newToken: undefined,
  given: new Map(),
}

function steps(shape: Shape): unknown[][] {
  const plan = planToAdd(appOf('web', shape, images, 3) as unknown as Live[], request)
  return plan.kind === 'refused'
    ? [[...plan.why]]
    : plan.steps.map(({ changes }) => changes.map(({ before }) => before['kind']))
}

void tap.test(
  'a named port and one that can be bound to loopback leave the Service alone; a number moves it',
  async (t) => {
    t.same(steps('named port'), [['Deployment']])
    t.same(steps('numeric port'), [['Deployment'], ['Service']])
    t.same(steps('same port'), [['Deployment']])
  },
)

const AT = 1_000_000
const dying: PodStory = {
  name: 'a',
  uid: '1',
  bare: true,
  startedAt: undefined,
  firstReadyAt: undefined,
  ready: false,
  unreadyAt: undefined,
  endedAt: {},
  restarts: 0,
  deletedAt: AT,
  goneAt: AT + 5000,
  deregisteredAt: AT + 40,
  exits: [],
  verdict: undefined,
}
const failure: FailureReport = {
  client: 'slow/agent',
  what: 'GET /slow',
  failure: 'ECONNRESET',
  pod: 'a',
  reused: true,
  idleMs: 10,
  startedAt: AT - 3000,
  endedAt: AT + 20,
}

void tap.test(
  'a request is lost with a bare pod on its connection, or, where nobody knows whose it was, while it stops',
  async (t) => {
    t.ok(byDeath(failure, [dying]))
    t.notOk(byDeath({ ...failure, pod: 'b' }, [dying]), 'another pod failed it')
    t.notOk(byDeath({ ...failure, endedAt: AT - 2000 }, [dying]), 'before its deletion')
    t.notOk(
      byDeath({ ...failure, pod: undefined, startedAt: AT + 7000, endedAt: AT + 7010 }, [dying]),
      'after its end',
    )
    t.ok(byDeath({ ...failure, pod: undefined, startedAt: AT + 30, endedAt: AT + 40 }, [dying]))
    t.notOk(byDeath(failure, []))
  },
)

const step = (bare: number[]) => allowance([{ bare, steps: [0] }])
const app = (lost: number[]) => ({ bare: [30, 30, 30, 30], steps: lost })

void tap.test(
  'a step may lose with bare pods what bare rollouts lose, with three standard deviations for chance',
  async (t) => {
    t.equal(step([30, 30, 30, 30]), 48, 'the variance of Poisson, and that of the mean of four')
    t.equal(step([30]), 53, 'one bare rollout says less')
    t.equal(step([10, 50]), 133, 'more is chance where the counts themselves are spread')
    t.equal(step([0, 0, 0]), 0, 'an app that loses nothing may lose nothing')
    t.equal(step([]), 0)
    t.equal(tooMany(48, [30, 30, 30, 30]), undefined)
    t.equal(
      tooMany(49, [30, 30, 30, 30]),
      '49 requests were lost with bare pods; bare rollouts lost 30, 30, 30, 30: by chance at most 48',
    )
  },
)

void tap.test(
  'all steps of a run together have a narrower margin, each app by its own rollouts',
  async (t) => {
    t.equal(allowance([app([0, 0]), app([0, 0])]), 160, 'a third more, and not two thirds as for one')
    t.match(together([app([40, 40]), app([40, 40])]), {
      ok: true,
      text: '160 requests were lost with bare pods in 4 steps, 40.0 in each; 8 bare rollouts lost 30.0 each: by chance at most 160 in all',
    })
    t.match(together([app([40, 40]), app([40, 41])]), { ok: false })
    t.equal(
      allowance([app([0]), { bare: [100, 100, 100, 100], steps: [] }]),
      48,
      'an app without a step adds nothing',
    )
    t.match(together([]), { ok: true })
  },
)

void tap.test(
  'a connection to a bare pod that is gone may fail in a later step: it is lost with that pod',
  async (t) => {
    const withLastcall = { ...dying, name: 'b', bare: false }
    const living = { ...dying, name: 'c', deletedAt: undefined, goneAt: undefined }
    const all = [dying, withLastcall, living]
    const names = (startedAt: number, apart: boolean) => mortal(all, startedAt, apart).map(({ name }) => name)
    t.same(names(AT + 20_000, false), ['a'], 'it stopped long before')
    t.same(names(AT - 1000, false), ['a'], 'a pod with lastcall loses nothing')
    t.same(names(AT - 1000, true), ['a', 'b'], 'but in a step that takes lastcall out')
    const late = { ...failure, pod: undefined, reused: false, startedAt: AT + 100, endedAt: AT + 25_100 }
    t.ok(byDeath(late, mortal(all, AT + 20_000, false)))
    t.same(
      perStep([
        {},
        { deaths: 40, apart: true },
        { deaths: 5, apart: false },
        {},
        { deaths: 38, apart: true },
      ]),
      [45, 38],
      'and counts for the step that stopped it',
    )
  },
)
