/** Faults on purpose, without a cluster: the table of faults, the judgement of a row, its text, the way to the node. */
import { readFileSync } from 'node:fs'
import tap from 'tap'
import { held } from '../../images/load-client/held.ts'
import type { FailureReport, Record } from '../../images/load-client/main.ts'
import { type Blow, GROUPS } from './chaos/fault.ts'
import { FAULTS } from './chaos/faults.ts'
import { harm, judge } from './chaos/judge.ts'
import { Node } from './chaos/node.ts'
import { dressed } from './chaos/play.ts'
import { askedBy, LOW, millicores } from './chaos/preemption.ts'
import { faultDetails, type FaultRow, faultTable } from './chaos/table.ts'
import { isEvicted } from './chaos/strain.ts'
import { listening, type Scene } from './chaos/scene.ts'
import { Undo } from './chaos/undo.ts'
import { readFlags } from './flags.ts'
import { Kubectl } from './kubectl.ts'
import { ownApp } from './objects.ts'

const AT = Date.parse('2026-11-27T03:00:00Z')
const failure = (pod: string | undefined, startedAt: number, endedAt: number): FailureReport => ({
  client: 'slow/agent',
  what: 'GET /slow',
  failure: 'ECONNRESET',
  pod,
  reused: pod !== undefined,
  idleMs: undefined,
  startedAt: AT + startedAt,
  endedAt: AT + endedAt,
})
const blow: Blow = { touched: ['a'], from: AT, to: AT, until: AT + 5000 }
const read = (...argv: string[]) => readFlags(argv, 'kubectl')
const record = (pod: string | undefined, startedAt: number, endedAt: number, fault?: string): Record => ({
  client: 'x',
  path: '/',
  pod,
  reused: true,
  startedAt,
  endedAt,
  failure: fault,
})
const nothingHeld = { byPod: {}, unknown: 0 }
const judged = (failures: FailureReport[], more: Partial<Parameters<typeof judge>[0]> = {}) =>
  judge({ spares: 'new work', blow, failures, held: nothingHeld, othersFailed: 0, ...more })

void tap.test(
  'faults: each has a name of its own, its group, a sentence, and a row in docs/e2e.md',
  async (t) => {
    const docs = readFileSync(new URL('../../docs/e2e.md', import.meta.url), 'utf8')
    t.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length)
    t.same(new Set(FAULTS.map(({ group }) => group)), new Set(GROUPS))
    for (const { name, what, loses } of FAULTS) {
      t.match(name, /^[a-z-]+$/)
      t.ok(what.length > 20 && loses.endsWith('.'), name)
      t.match(docs, `| \`${name}\` |`, `docs/e2e.md has ${name}`)
    }
  },
)

void tap.test('faults run only if they are asked for, all or those that are named', async (t) => {
  t.notOk(read().steps.includes('chaos'))
  t.equal(read('--steps', 'chaos').faults.length, FAULTS.length)
  t.same(read('--faults', 'evict,app-oom').faults, ['app-oom', 'evict'], 'in their order')
  t.throws(() => read('--faults', 'earthquake'), /earthquake is none of app-sigkill, /)
  t.match(read('--node-exec', 'ssh n sh', '--node-restart', 'x'), { nodeExec: 'ssh n sh', nodeRestart: 'x' })
})

void tap.test('judgement: requests in flight may be lost, and none that arrived later', async (t) => {
  const before = failure('a', -1000, 10)
  t.match(judged([before]), { ok: true, lost: 1, arrived: 0, others: 0 })
  t.match(judged([failure('a', 2000, 2100)]), { ok: false, lost: 0, arrived: 1 })
  t.match(judged([failure('a', 2000, 2100)], { spares: 'other pods' }), { ok: true, arrived: 1 })
  const refused = { ...failure(undefined, 20, 21), failure: 'ECONNREFUSED' }
  t.match(judged([refused], { spares: 'other pods' }), { ok: true, lost: 0, arrived: 1 }, 'held by nobody')
  const idle = { ...failure('a', 900, 900), failure: 'closed with 1006 while idle' }
  t.match(
    judged([idle]),
    { ok: true, lost: 1, arrived: 0 },
    'a WebSocket was held, though its client saw it late',
  )
  t.match(judged([refused], { spares: 'connections' }), { ok: true, arrived: 1 })
  t.match(judged([before], { spares: 'connections' }), { ok: false, lost: 1 })
  t.match(judged([before], { spares: 'everything' }), {
    ok: false,
    because: ['1 were lost in hand'],
  })
})

void tap.test(
  'judgement: a failure of a pod that the fault did not affect is never as promised',
  async (t) => {
    for (const spares of ['everything', 'new work', 'other pods'] as const) {
      t.match(judged([failure('b', -10, 10)], { spares }), { ok: false, others: 1, lost: 0 })
      t.match(
        judged([], { spares, othersFailed: 2 }),
        { ok: false, others: 2 },
        'nor one that only the pod tells of',
      )
    }
  },
)

void tap.test(
  'judgement: a failure without a pod is one of the touched, if its time is theirs',
  async (t) => {
    t.match(judged([failure(undefined, -10, 10)]), { ok: true, lost: 1, unknown: 1 })
    t.match(judged([failure(undefined, 20_000, 20_010)]), { ok: false, lost: 0, strays: 1 })
    t.match(judged([failure(undefined, -20_000, -10_000)]), { ok: false, lost: 0, strays: 1 })
  },
)

void tap.test(
  'judgement: problems of the fault itself count; what was held is that of the touched pods',
  async (t) => {
    t.match(judged([], { blow: { ...blow, problems: ['lost a pod'] } }), {
      ok: false,
      because: ['lost a pod'],
    })
    t.equal(judged([], { held: { byPod: { a: 3, b: 5 }, unknown: 1 } }).held, 4)
  },
)

void tap.test('harm: what a lastcall failed, from its metrics', async (t) => {
  const metrics = [
    'lastcall_requests_total{protocol="http1",method="GET",status_class="2xx"} 100',
    'lastcall_requests_total{protocol="http1",method="GET",status_class="5xx"} 3',
    'lastcall_requests_total{port="http",protocol="http1",method="POST",status_class="5xx"} 1',
    'lastcall_refused_total{reason="draining"} 2',
    'lastcall_drain_cut_total 4',
  ].join('\n')
  t.equal(harm(metrics), 10)
  t.equal(harm(''), 0)
})

void tap.test(
  'held: what was under way at a moment, and what gave up waiting while a blow lasted',
  async (t) => {
    const records = [
      record('a', 0, 100),
      record('a', 40, 60),
      record('b', 40, 60),
      record(undefined, 49, 55, 'reset'),
      record('a', 60, 70),
      record('a', 0, 40),
      record('a', 0, 45, 'timeout'),
    ]
    t.same(
      held(records, ({ pod }) => pod, 50, 50),
      { byPod: { a: 2, b: 1 }, unknown: 1 },
    )
    t.same(
      held(records, ({ pod }) => pod, 42, 50),
      { byPod: { a: 3, b: 1 }, unknown: 1 },
    )
  },
)

const row: FaultRow = {
  form: 'plain',
  fault: 'app-sigkill',
  group: 'app',
  what: 'the app is killed',
  spares: 'new work',
  judgement: judged([failure('a', -1000, 10)], { held: { byPod: { a: 4 }, unknown: 0 } }),
  requests: 1000,
  seconds: 4.06,
  counted: { inFlight: 5, agoMs: 40 },
  notes: ['back after 1 s'],
  failures: ['GET /slow: ECONNRESET'],
}
const skipped: FaultRow = {
  form: 'plain',
  fault: 'clock-jump',
  group: 'node',
  what: 'the clock jumps',
  skipped: 'not on this cluster: no clock',
}

void tap.test('a row says what was held, what was lost, and what could not be tried', async (t) => {
  t.same(
    faultTable([
      row,
      skipped,
      { ...row, spares: 'everything', judgement: { ...row.judgement, ok: false } },
    ]).split('\n'),
    [
      'fault        requests  other pods  held  lost  arrived   time  result',
      'app-sigkill      1000           0     4     1        0  4.1 s  as promised',
      'clock-jump          -           -     -     -        -      -  skipped: not on this cluster: no clock',
      'app-sigkill      1000           0     -     1        0  4.1 s  NOT AS PROMISED',
    ],
  )
  t.same(faultDetails(row), [
    'plain, app-sigkill: the app is killed',
    "  in hand 4 by the clients' records; lastcall's own count 40 ms before: 5; of these failed 1, of later ones 0",
    '  back after 1 s',
    '  GET /slow: ECONNRESET',
  ])
  t.same(faultDetails(skipped), [
    'plain, clock-jump: the clock jumps',
    '  skipped: not on this cluster: no clock',
  ])
})

void tap.test('the app of the faults has limits, and a priority below all others', async (t) => {
  const images = { lastcall: 'l', app: 'a', client: 'c', pullPolicy: 'Never' }
  const objects = ownApp('app', 'plain', images, 3)
  const [deployment] = dressed(objects) as unknown as [
    { spec: { template: { spec: { priorityClassName: string; containers: { resources: object }[] } } } },
  ]
  const { priorityClassName, containers } = deployment.spec.template.spec
  t.equal(priorityClassName, LOW)
  t.match(containers[0]!.resources, { limits: { memory: '256Mi' }, requests: { cpu: '100m' } })
  t.notMatch(JSON.stringify(objects), LOW, 'the objects themselves stay as they are')
  t.same(['2', '0.5', '250m'].map(millicores), [2000, 500, 250])
})

void tap.test('what a fault changed is taken back once, also if it failed or was interrupted', async (t) => {
  const undo = new Undo(new Kubectl('false', 'none'))
  const done: string[] = []
  const back = (what: string) => async () => void done.push(what)
  t.equal(await undo.around('one', back('one'), () => Promise.resolve(1)), 1)
  await t.rejects(
    undo.around('two', back('two'), () => Promise.reject(new Error('no'))),
    /no/,
  )
  void undo.around('three', back('three'), () => new Promise(() => undefined))
  await undo.rest(() => undefined)
  await undo.rest(() => undefined)
  t.same(done, ['one', 'two', 'three'])
  const said: string[] = []
  void undo.around(
    'four',
    (kubectl) => kubectl.run(['x']),
    () => new Promise(() => undefined),
  )
  await undo.rest((line) => said.push(line))
  t.match(said, ['taking back: four', /^not taken back: four: kubectl x/])
})

void tap.test('the node: a shell of the user’s own, and a clear word where it is not there', async (t) => {
  t.equal(await new Node('sh', undefined).sh('n1', 'echo here'), 'here\n')
  t.equal(await new Node('echo to {node}', undefined).sh('n1', ''), 'to n1\n')
  await t.rejects(new Node('sh', undefined).sh('n1', 'echo no >&2; exit 4'), /sh: no \(exit code 4\)/)
  await t.rejects(new Node(undefined, undefined).sh('n1', ''), /needs --node-exec/)
  await t.rejects(new Node('sh', undefined).freeze('n1', 'no-such-daemon', 1), /no process no-such-daemon/)
  await t.rejects(
    new Node('sh', undefined).signal('n1', `containerd://${'0'.repeat(64)}`, 'KILL'),
    /no process of/,
  )
  await t.rejects(new Node('sh', undefined).signal('n1', '$(reboot)', 'KILL'), /no id of a container/)
  t.notOk(await new Node('sh', undefined).lives('n1', `containerd://${'0'.repeat(64)}`))
  await new Node(undefined, 'test {node} =').restart('n1', 'n1')
})

void tap.test('where lastcall listens is read from its arguments', async (t) => {
  t.equal(listening(['--app=127.0.0.1:3000', '--listen=:8080']), 8080)
  t.equal(listening(['--listen=[::1]:8080']), 8080)
  t.equal(listening(['--port=8080=3000', '--port=8081=3002,protocol=tcp']), 8080, 'the first of several')
  t.equal(listening(['--port=0.0.0.0:8080=3000']), 8080)
  t.equal(listening(['--admin=:9099']), undefined)
})

void tap.test(
  'a pod with nothing in hand is given a request, or its drain would be over unseen',
  async (t) => {
    const draining = FAULTS.find(({ name }) => name === 'lastcall-sigkill-draining')!
    const asked: string[] = []
    const pod = { name: 'a', deletedAt: AT, goneAt: undefined as number | undefined, exits: [] }
    const scene = {
      pick: () => pod,
      aim: () => Promise.resolve(() => Promise.resolve({ from: AT, to: AT })),
      port: () => Promise.resolve(8080),
      kubectl: {
        raw: (name: string, port: number, path: string) => {
          asked.push(`${name}:${port}${path.replace(/[0-9]+/, 'N')}`)
          return Promise.reject(new Error('lost'))
        },
      },
      reading: () => Promise.resolve({ inFlight: asked.length, at: AT }),
      delete: () => Promise.resolve(),
      status: () => Promise.reject(new Error('not found')),
      until: async (what: string, look: () => unknown) => {
        if (what.startsWith('draining')) pod.goneAt = AT + 1000
        if ((await look()) !== true) throw new Error(`not within 1 ms: ${what}`)
      },
    }
    await t.rejects(draining.run(scene as unknown as Scene), /a was gone before it was seen draining/)
    t.same(asked, ['a:8080/slow?ms=N&id=held'])
  },
)

const cpu = (text: string) => ({ resources: { requests: { cpu: text } } })

void tap.test('what a pod asks for: containers and native sidecars, or the pod as a whole', async (t) => {
  const containers = [cpu('100m'), {}]
  t.equal(askedBy({ containers }), 100)
  const initContainers = [cpu('1'), { ...cpu('50m'), restartPolicy: 'Always' }]
  t.equal(askedBy({ containers, initContainers }), 150, 'an init container that ends is no longer there')
  t.equal(askedBy({ ...cpu('2'), containers, initContainers }), 2000)
})

void tap.test('an evicted pod is known by its reason, or by its condition', async (t) => {
  const conditions = [{ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }]
  t.ok(isEvicted({ status: { phase: 'Failed', reason: 'Evicted' } }))
  t.ok(isEvicted({ status: { phase: 'Succeeded', conditions } }), 'as Kubernetes 1.36 shows it')
  t.notOk(isEvicted({ status: { phase: 'Running', conditions: [{ type: 'Ready' }] } }))
  t.notOk(
    isEvicted({
      status: {
        phase: 'Running',
        conditions: [{ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }],
      },
    }),
  )
})
