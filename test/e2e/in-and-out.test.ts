/** The three apps of the steps `add` and `remove` are what they say: each takes the way that it stands for. */
import tap from 'tap'
import type { Live } from '../../src/tools/cluster/live.ts'
import { planToAdd } from '../../src/tools/cluster/planning.ts'
import { appOf, type Shape } from './in-and-out.ts'
import { table, type Row } from './table.ts'

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

void tap.test('what was lost with bare pods has a column of its own, where there are any', async (t) => {
  const row: Row = {
    form: 'plain',
    step: 'add',
    requests: 10,
    failed: 0,
    crossed: 0,
    seconds: 1,
    readyMs: [],
    stopped: [],
    returned: [],
    failures: [],
    problems: [],
  }
  t.notMatch(table([row]), 'lost with bare pods')
  const [head, first, second] = table([{ ...row, deaths: 7 }, row]).split('\n')
  t.match(head, /failed {2}lost with bare pods {2}crossed/)
  t.match(first, / 0 +7 +0 /)
  t.match(second, / 0 +- +0 /)
})
