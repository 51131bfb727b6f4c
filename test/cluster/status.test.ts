/** `kubectl lastcall status`, with what kubectl said of a real cluster. */
import tap from 'tap'
import { podObject, statusObject } from '../fixtures/scripted-cluster.ts'
import { askPod } from '../../src/tools/cluster/ask.ts'
import { failure, type Kubectl } from '../../src/tools/cluster/kubectl.ts'
import { readPod } from '../../src/tools/cluster/pod.ts'
import { STATUS } from '../../src/tools/cluster/status.ts'
import type { Answer } from '../fixtures/kubectl.ts'
import { ran } from '../fixtures/plugin-session.ts'
import { RESOURCE_NAMES, recorded } from '../fixtures/recorded.ts'

const { items } = recorded('objects.json') as { items: { kind: string; metadata: { name: string } }[] }
const KINDS = items.map(({ kind }) => `${kind.toLowerCase()}s`)
const PODS = items.filter(({ kind }) => kind === 'Pod')
const NAMES = ['web-655d4f8577-kwn8s', 'web-655d4f8577-pjwg9', 'web-655d4f8577-sgp2r'] as const
const NOT_FOUND = 'Error from server (NotFound): deployments.apps "nope" not found'
const API_RESOURCES: Answer = {
  args: /^api-resources --verbs=list/,
  out: `${RESOURCE_NAMES.join('\n')}\n`,
}
const OBJECTS: Answer = {
  args: /^get deployments\.apps,\S+horizontalpodautoscalers\.autoscaling /,
  out: { items },
}

function status(name: string, answer: Partial<Answer>): Answer {
  return { args: new RegExp(`^ask /api/v1/namespaces/shop/pods/${name}:9099/proxy/status`), ...answer }
}

const SERVING = JSON.stringify(recorded('status.json'))

void tap.test('a table of the pods with lastcall, and of no others', async (t) => {
  t.ok(KINDS.length > 15 && PODS.length === 7, 'what was recorded has other pods, too')
  const answers: Answer[] = [
    API_RESOURCES,
    OBJECTS,
    { args: /^get pods -o json/, out: { items: PODS } },
    status(NAMES[0], { out: SERVING }),
    status(NAMES[1], { out: JSON.stringify(statusObject('lame-duck', { drainMs: 4200 })) }),
    status(NAMES[2], {
      err: 'Error from server: error trying to reach service: dial tcp 10.245.0.5:9099: connect: connection refused\n',
    }),
  ]
  const { code, out, err, calls } = await ran(STATUS, answers, ['-n', 'shop'])
  t.equal(err, '')
  t.equal(code, 0, 'an answer that cannot be had is no failure')
  t.same(out.split('\n'), [
    'NAME                   READY   PHASE       IN FLIGHT   CONNECTIONS   DRAIN   VERSION   CHECK',
    'web-655d4f8577-kwn8s   yes     serving     2           9             -       0.1.0     warnings',
    'web-655d4f8577-pjwg9   yes     lame-duck   2           5             4.2s    9.8.7     warnings',
    'web-655d4f8577-sgp2r   yes     ?           ?           ?             ?       0.2.0     warnings',
    '',
    '? web-655d4f8577-sgp2r: nothing listens on its admin port',
    '',
  ])
  t.notOk(
    calls.some((call) => /^(?!get|ask|api-resources)/.test(call)),
    'nothing is changed',
  )
})

void tap.test('-o json has the same as data, and null for what is not known', async (t) => {
  const none: Answer[] = [
    API_RESOURCES,
    { args: /^get /, err: 'Error from server (Forbidden): pods is forbidden\n' },
  ]
  // The pods may be listed, the rest may not.
  const pods: Answer[] = [
    API_RESOURCES,
    { args: /^get pods -o json/, out: { items: [podObject('web-1'), podObject('web-2')] } },
    status('web-1', { out: JSON.stringify(statusObject('serving')) }),
    status('web-2', {
      err: 'Error from server (Forbidden): pods "web-2:9099" is forbidden: User "me" cannot get resource "pods/proxy" in API group ""\n',
    }),
    { args: /^get /, err: 'Error from server (Forbidden): deployments.apps is forbidden\n' },
  ]
  t.equal((await ran(STATUS, none, [])).code, 1, 'without the right to list pods there is no table')
  const { code, out, err } = await ran(STATUS, pods, ['-o', 'json'])
  t.equal(err, '')
  t.equal(code, 0)
  const data = JSON.parse(out) as { pods: object[] }
  t.match(data.pods[0], {
    namespace: 'shop',
    name: 'web-1',
    ready: true,
    stopping: false,
    phase: 'serving',
    drainMs: null,
    inFlight: 2,
    connections: 5,
    saved: 4,
    version: '9.8.7',
    check: null,
    unknown: [/^check: Deployment web was not found \(not readable: deployments\.apps, /],
  })
  t.match(data.pods[1], {
    phase: null,
    inFlight: null,
    unknown: ['you may not "get" pods/proxy', /^check: /],
  })
})

void tap.test('a workload, a selector, all namespaces', async (t) => {
  const web = items.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'web')
  const answers: Answer[] = [
    API_RESOURCES,
    OBJECTS,
    { args: /^get deploy\/web -o json/, out: web },
    { args: /^get deploy\/nope -o json/, err: `${NOT_FOUND}\n` },
    { args: /^get pods -l \S+ -o json/, out: { items: [podObject('web-1')] } },
    { args: /^get pods --all-namespaces -o json/, out: { items: [podObject('web-1')] } },
    status('web-1', { out: JSON.stringify(statusObject('serving')) }),
  ]
  const said = (...args: string[]) => ran(STATUS, answers, args)
  const named = await said('deploy/web')
  t.match(named.out, /\nweb-1 +yes +serving/)
  t.ok(named.calls.some((call) => call.startsWith('get pods -l app=web,team=yes ')))
  const all = await said('-A')
  t.match(all.out, /^NAMESPACE +NAME .*\nshop +web-1 /)
  t.match(await said('-l', 'app=web'), { code: 0 })
  t.match(await said('deploy/nope'), { code: 1, out: '', err: `${NOT_FOUND}\n` })
})

void tap.test('no pods with lastcall', async (t) => {
  const answers: Answer[] = [
    API_RESOURCES,
    OBJECTS,
    { args: /^get pods -o json/, out: { items: [podObject('web-1', { lastcall: null })] } },
  ]
  t.match(await ran(STATUS, answers, ['-n', 'shop']), {
    code: 0,
    out: '',
    err: 'No pods with lastcall found in shop namespace.\n',
  })
})

/** A pod of a Job. */
const ofJob = (job: string, pod: string, phase: string) => {
  const made = podObject(pod) as { metadata: Record<string, unknown>; status: Record<string, unknown> }
  made.metadata['ownerReferences'] = [{ kind: 'Job', name: job, controller: true }]
  made.status['phase'] = phase
  return made
}

void tap.test(
  'pods that have finished are left out; one of a CronJob is judged by the CronJob',
  async (t) => {
    const { spec } = podObject('x')
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly', namespace: 'shop' },
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec } } } },
    }
    const pods = [
      ofJob('nightly-29929339', 'nightly-29929339-a', 'Succeeded'),
      ofJob('nightly-29929340', 'nightly-29929340-b', 'Running'),
      ofJob('once', 'once-c', 'Failed'),
    ]
    const answers: Answer[] = [
      API_RESOURCES,
      { ...OBJECTS, out: { items: [cronJob] } },
      { args: /^get pods -o json/, out: { items: pods } },
      status('nightly-29929340-b', { out: JSON.stringify(statusObject('serving')) }),
    ]
    const { code, out } = await ran(STATUS, answers, [])
    t.equal(code, 0)
    t.match(out, /^nightly-29929340-b +yes +serving .* (ok|warnings|errors)$/m)
    t.notMatch(out, /nightly-29929339-a|once-c|was not found/)
  },
)

void tap.test('a pod that does not answer does not hold up the others for long', async (t) => {
  const silent: Kubectl = {
    ask: async (_, { signal } = {}) => {
      const { promise, reject } = Promise.withResolvers<string>()
      signal!.addEventListener('abort', () => reject(failure('interrupted', 'interrupted')))
      return promise
    },
    run: () => Promise.reject(new Error('not here')),
    json: () => Promise.reject(new Error('not here')),
    follow: () => {
      throw new Error('not here')
    },
  }
  const pod = readPod(podObject('web-1'))!
  // A kubectl that runs keeps the process alive; the timeout does not.
  const running = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(running))
  const never = new AbortController()
  t.same(await askPod(silent, pod, never.signal, 30), { kind: 'none', why: 'no answer within 0.03 s' })
  const stop = new AbortController()
  const asked = askPod(silent, pod, stop.signal)
  stop.abort()
  await t.rejects(asked, { name: 'AbortError' }, 'Ctrl-C is no answer')
})
