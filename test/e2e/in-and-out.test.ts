/** The three apps of the steps `add` and `remove` are what they say: each takes the way that it stands for. */
import tap from 'tap'
import type { FailureReport } from '../../images/load-client/main.ts'
import type { Live } from '../../src/tools/cluster/live.ts'
import { planToAdd } from '../../src/tools/cluster/planning.ts'
import { appOf, type Shape } from './in-and-out.ts'
import type { PodStory } from './pods.ts'
import { byDeath } from './table.ts'

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
