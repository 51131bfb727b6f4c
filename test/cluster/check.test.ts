/** `kubectl lastcall check`, with the objects of a real cluster: defaults, statuses, managedFields. */
import tap from 'tap'
import { CHECK } from '../../src/tools/cluster/check.ts'
import type { Answer } from '../fixtures/kubectl.ts'
import { ran } from '../fixtures/plugin-session.ts'
import { RESOURCE_NAMES, recorded } from '../fixtures/recorded.ts'

interface Item {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly managedFields?: object[] }
}

const { items } = recorded('objects.json') as { items: Item[] }
const RESOURCES: Answer = {
  args: /^api-resources --verbs=list/,
  out: `${RESOURCE_NAMES.join('\n')}\nsecrets\n`,
}
const ALL: Answer = { args: /^get deployments\.apps,/, out: { kind: 'List', items } }

function only(kind: string, name: string): Item {
  return items.find((item) => item.kind === kind && item.metadata.name === name)!
}

function check(answers: readonly Answer[], ...args: string[]) {
  return ran(CHECK, answers, args)
}

/** What `lastcall check` finds in the manifests from which these objects were made. */
const FOUND = [
  'shop/Deployment/old: warning: Nothing delays SIGTERM: no container of Deployment old has a preStop [nothing-drains]',
  'shop/Deployment/web: warning: Any client that reaches the admin port can drain the pod: container lastcall has neither --token nor --hook-allow [no-token]',
  'shop/StatefulSet/db: warning: The grace period is shorter than the preStop hook and the longest request: the grace period is 1s, and a request may take 30s [grace-period-short]',
  'shop/StatefulSet/db: error: No readinessProbe: container db has no readinessProbe [readiness-missing]',
  'shop/StatefulSet/db: warning: The only replica stops before its replacement starts: StatefulSet db has one replica [single-replica]',
  'shop/StatefulSet/db: warning: Nothing delays SIGTERM: no container of StatefulSet db has a preStop [nothing-drains]',
]

void tap.test('live objects get the findings of their manifests, and no others', async (t) => {
  t.ok(only('Deployment', 'web').metadata.managedFields)
  const { code, out, err } = await check([RESOURCES, ALL], '-n', 'shop')
  t.equal(err, '')
  t.equal(code, 1, 'there is an error')
  const lines = out.split('\n')
  t.same(lines.slice(0, lines.indexOf('')), FOUND)
  t.match(
    out,
    /\nFound in 20 objects \(6 workloads\): 1 error, 5 warnings\.\nWhat happens .*: kubectl lastcall check --explain nothing-drains,/,
  )
})

void tap.test('one workload: what is about it and what is around it', async (t) => {
  const answers: Answer[] = [
    RESOURCES,
    ALL,
    { args: /^get deploy\/web -o json/, out: only('Deployment', 'web') },
    { args: /^get svc\/web -o json/, out: only('Service', 'web') },
    {
      args: /^get deploy\/nope -o json/,
      err: 'Error from server (NotFound): deployments.apps "nope" not found\n',
    },
    { args: /^get deployments\.apps,\S+ -l team=web -o json/, out: { items: [only('Deployment', 'web')] } },
  ]
  for (const args of [['deploy/web'], ['deploy', 'web']]) {
    const { code, out } = await check(answers, ...args)
    t.equal(code, 0, 'no error is among it')
    t.same(out.split('\n')[0], FOUND[1])
    t.match(out, /Found in 1 object \(1 workload\): 0 errors, 1 warning\./)
  }
  t.match(await check(answers, 'deploy/web', '--fail-on', 'warning'), { code: 1 })
  t.match(await check(answers, 'deploy/web', '--ignore', 'no-token'), {
    code: 0,
    out: /^Nothing found in 1 object/,
  })
  t.match(await check(answers, 'deploy/nope'), { code: 1, err: /^Error from server \(NotFound\)/ })
  t.match(await check(answers, 'svc/web'), {
    code: 2,
    err: /^Nothing was checked: svc\/web is not a workload/,
  })
})

void tap.test('what is around a workload is found with it: a Service that bypasses lastcall', async (t) => {
  const changed = structuredClone(items) as (Item & { spec: { ports: { targetPort: unknown }[] } })[]
  const service = changed.find((item) => item.kind === 'Service' && item.metadata.name === 'web')!
  service.spec.ports[0]!.targetPort = 3000
  const answers: Answer[] = [
    RESOURCES,
    { ...ALL, out: { items: changed } },
    { args: /^get deploy\/(\w+) -o json/, out: only('Deployment', 'web') },
  ]
  const { code, out } = await check(answers, 'deploy/web', '-o', 'json')
  t.equal(code, 1)
  const data = JSON.parse(out) as { findings: object[] }
  t.match(data.findings[1], {
    rule: 'service-bypasses-sidecar',
    severity: 'error',
    namespace: 'shop',
    object: 'Service/web',
    path: 'spec.ports[0].targetPort',
    requests: String,
    fix: String,
  })
})

void tap.test(
  'a kind that may not be read: the rest is judged, and the rules that need it are not',
  async (t) => {
    const forbidden =
      'Error from server (Forbidden): poddisruptionbudgets.policy is forbidden: User "me" cannot list\n'
    const answers: Answer[] = [
      RESOURCES,
      { args: /^get \S+poddisruptionbudgets\.policy/, err: forbidden },
      { args: /^get poddisruptionbudgets\.policy/, err: forbidden },
      {
        args: /^get deployments\.apps -o json/,
        out: { items: items.filter(({ kind }) => kind === 'Deployment') },
      },
      { args: /^get services -o json/, out: { items: items.filter(({ kind }) => kind === 'Service') } },
      { args: /^get \S+ -o json/, out: { items: [] } },
    ]
    const { out, code } = await check(answers)
    t.equal(code, 0)
    t.notMatch(out, /\[no-disruption-budget\]/, 'whether there is a budget is not known')
    t.match(
      out,
      /\npoddisruptionbudgets\.policy could not be read \(you may not list them\), so no-disruption-budget was not checked\.\n/,
    )
    t.match(JSON.parse((await check(answers, '-o', 'json')).out), {
      unread: [{ resource: 'poddisruptionbudgets.policy', why: 'you may not list them' }],
      notJudged: ['no-disruption-budget'],
    })
  },
)

void tap.test('nothing to judge, a rule that does not exist, and what a rule means', async (t) => {
  const empty: Answer[] = [RESOURCES, { ...ALL, out: { items: [] } }]
  t.match(await check(empty, '-n', 'shpo'), {
    code: 2,
    err: 'Nothing was checked: there are no workloads in namespace shpo\n',
  })
  t.match(await check([], '--only', 'single-replcia'), { code: 2, err: /did you mean single-replica/ })
  t.match(await check([], '--explain', 'single-replica'), { code: 0, out: /^single-replica \(warning\)/ })
  t.match(await check([], '--fail-on', 'waring'), { code: 2, err: /must be error or warning/ })
})
