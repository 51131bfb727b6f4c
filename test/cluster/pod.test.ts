/** What is read of a pod, of its lastcall's answer, and of its last words. */
import tap from 'tap'
import { readAnswer, refusal, type Answered } from '../../src/tools/cluster/answer.ts'
import { ageText, columns } from '../../src/tools/cluster/columns.ts'
import { podSelectorOf } from '../../src/tools/cluster/pods-of.ts'
import { readPod, type SidecarState } from '../../src/tools/cluster/pod.ts'
import { selectorOf } from '../../src/tools/cluster/live.ts'
import { verdictIn, verdictOf, type PodVerdict } from '../../src/tools/cluster/verdict.ts'
import { podObject, statusObject } from '../fixtures/scripted-cluster.ts'
import { recorded } from '../fixtures/recorded.ts'

/** A pod with this container of lastcall, as a native sidecar. */
function native(container: object) {
  return readPod({
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', uid: '1' },
    spec: {
      initContainers: [{ name: 'migrate' }, { name: 'lastcall', restartPolicy: 'Always', ...container }],
      containers: [{ name: 'app' }],
    },
    status: { initContainerStatuses: [{ name: 'lastcall', state: { running: {} } }] },
  })?.sidecar
}

void tap.test('the admin port: as a flag, as a variable, by default, and out of reach', async (t) => {
  const app = '--app=127.0.0.1:3000'
  t.same(native({ args: [app] })?.admin, { port: 9099 })
  t.same(native({ args: [app, '--admin=:9100'] })?.admin, { port: 9100 })
  t.same(native({ args: [app, '--admin', '0.0.0.0:9101'] })?.admin, { port: 9101 })
  t.same(native({ env: [{ name: 'LASTCALL_ADMIN', value: ':9102' }] })?.admin, { port: 9102 })
  t.same(native({ args: ['--of-a-later-version', '--admin=:9103'] })?.admin, { port: 9103 })
  t.match(native({ args: [app, '--admin=127.0.0.1:9099'] })?.admin, { why: /listens on 127\.0\.0\.1 only/ })
})

void tap.test('what a pod writes is shown, and not obeyed by a terminal', async (t) => {
  const terminated = { exitCode: 137, message: 'oh\u001B[2J\n\u0007no\n' }
  t.match(readPod(podObject('web-1', { lastcall: { terminated } }))?.sidecar?.state, {
    message: 'oh?[2J ?no',
  })
  const said = JSON.stringify(
    statusObject('serving\u001B[31m', { version: '1\r2', verdict: { text: '\u009B' } }),
  )
  t.match(readAnswer(said), { phase: 'serving?[31m', version: '1 2', lastDrain: '?' })
  t.equal(verdictIn(logLine('exited', 'drained\u001B[0m')), 'drained?[0m')
})

void tap.test('which version an image says, and which it does not', async (t) => {
  t.equal(native({ image: 'registry.example/lastcall:0.2.0' })?.tag, '0.2.0')
  t.equal(native({ image: 'registry:5000/lastcall:1@sha256:aa' })?.tag, '1')
  t.equal(native({ image: 'registry:5000/lastcall' })?.tag, undefined)
})

void tap.test('a pod: whose it is, since when it is told to stop, and why it is not ready', async (t) => {
  const pod = readPod(podObject('web-1', { stopping: true, app: { waiting: { reason: 'ErrImagePull' } } }))
  t.match(pod, {
    namespace: 'shop',
    ready: true,
    stoppedAt: Date.parse('2026-11-27T03:00:00Z'),
    owner: { kind: 'Deployment', name: 'web' },
    trouble: 'app: ErrImagePull',
    sidecar: { container: 'lastcall', tag: '9.8.7', state: { kind: 'running' } },
  })
  t.equal(readPod(podObject('web-1', { lastcall: null }))?.sidecar, undefined)
  t.equal(readPod({ kind: 'Deployment', metadata: { name: 'web' } }), undefined)
})

void tap.test('/status of this version, of an older one, and of something else', async (t) => {
  t.match(readAnswer(JSON.stringify(recorded('status.json'))), {
    kind: 'status',
    version: /^\d/,
    phase: 'serving',
    drainMs: undefined,
    inFlight: 2,
    connections: 9,
  })
  t.match(readAnswer(JSON.stringify(statusObject('draining'))), { drainMs: 2500, saved: 4, proof: true })
  const older = { phase: 'draining', sinceMs: 700, inFlight: { total: 1 }, connections: { client: 1 } }
  t.match(readAnswer(JSON.stringify(older)), {
    version: undefined,
    drainMs: 700,
    saved: undefined,
  })
  for (const body of ['{"alive":true}', 'ok', 'null', '[]'])
    t.same(readAnswer(body), { kind: 'none', why: 'what answers on its admin port is not lastcall' }, body)
})

void tap.test('why a pod could not be asked, in a few words', async (t) => {
  const said: readonly (readonly [string, RegExp])[] = [
    [
      'Error from server (Forbidden): pods "web-1:9099" is forbidden: User "nobody" cannot get resource "pods/proxy" in API group "" in the namespace "shop"',
      /^you may not "get" pods\/proxy$/,
    ],
    [
      'Error from server: error trying to reach service: dial tcp 10.245.0.5:9098: connect: connection refused',
      /^nothing listens on its admin port$/,
    ],
    [
      'Error from server: error trying to reach service: dial tcp 10.0.0.1:9099: i/o timeout',
      /NetworkPolicy/,
    ],
    ['Error from server (ServiceUnavailable): error trying to reach service: EOF', /mTLS/],
    ['Error from server (NotFound): pods "web-1" not found', /^the pod is gone$/],
    ['Error from server: something new\nand more', /^something new$/],
  ]
  for (const [error, why] of said) t.match(refusal(error), why)
})

/** The verdict of a pod of which there is nothing but this. */
function left(state: SidecarState | undefined, answer?: Answered): PodVerdict {
  return verdictOf({ state, logged: undefined, answer })
}

/** An answer of lastcall with nothing in flight. */
function answered(phase: string, more: object = {}): Answered {
  return readAnswer(JSON.stringify(statusObject(phase, { inFlight: { total: 0 }, ...more })))
}

function lastWords(message: string): PodVerdict {
  return left({ ...ENDED, message })
}

function logLine(outcome: string, msg: string): string {
  return JSON.stringify({ level: 'info', verdict: { outcome }, msg })
}

const ENDED = { kind: 'ended', exitCode: 0, why: 'Completed', message: '' } as const

void tap.test('the verdict of a pod, from its last words', async (t) => {
  t.match(
    lastWords(
      'drained in 8.2 s (settle 3.0 s, lame duck 4.7 s, draining 0.5 s), exited 0.3 s later (clients gone): 6 in flight at the start, 67 finished, 0 cut; no new connection arrived after the drain began',
    ),
    { source: 'termination message', saved: 67, cut: 0, drainMs: 8200 },
  )
  t.match(
    lastWords(
      'ended by deadline after 29.0 s (settle 3.0 s): 6 in flight at the start, 60 finished, 2 cut; saved 4 in flight and 50 that arrived later; last new connection 1.0 s after the drain began',
    ),
    { saved: 54, cut: 2, drainMs: 29_000 },
    'what lastcall itself calls saved counts, where it says so',
  )
  t.match(
    lastWords(
      'drained in 5.2 s (settle 3.0 s): 4 in flight at the start, 2 finished, 1 cut; 2 failed because the app ended or broke the connection (its preStop hook /prestop/app was not called); no new connection arrived after the drain began',
    ),
    { saved: 2, cut: 3, drainMs: 5200 },
    'what the app failed counts as cut',
  )
  t.match(
    lastWords(
      'drained in 0.2 s: 2 in flight at the start, 0 finished, 0 cut; 2 failed: the app had not become healthy before the drain began; no new connection arrived after the drain began',
    ),
    { saved: 0, cut: 2, drainMs: 200 },
    'also of an app that was never healthy',
  )
  t.match(lastWords('Killed by somebody'), {
    source: 'nothing',
    cut: undefined,
    text: /^unknown: .*Killed by/,
  })
})

void tap.test('without last words: what is known, and nothing more', async (t) => {
  const running: SidecarState = { kind: 'running' }
  t.match(left(ENDED), { source: 'exit code', cut: 0, saved: undefined })
  t.match(left({ ...ENDED, exitCode: 1 }), { cut: undefined, saved: undefined })
  t.match(left({ ...ENDED, exitCode: 137, why: 'OOMKilled' }, answered('drained')), {
    source: 'nothing',
    cut: undefined,
    text: /exited with code 137 \(OOMKilled\)/,
  })
  t.match(left(running, answered('drained')), { source: 'last status', cut: 0, saved: 4 })
  t.match(left(running, answered('draining')), { cut: undefined, saved: undefined })
  t.match(left(running, answered('drained', { proof: false })), { cut: undefined })
  t.match(left(undefined), { source: 'nothing', text: 'unknown: the pod left no verdict' })
})

void tap.test('the verdict of a process that ended, among the lines of its log', async (t) => {
  const log = [
    logLine('returned', 'back in service after 5.0 s'),
    logLine('exited', 'drained in 7.0 s'),
    'odd',
    '',
  ]
  t.equal(verdictIn(log.join('\n')), 'drained in 7.0 s')
  t.equal(verdictIn(log[0]!), undefined, 'a drain that was taken back is no end')
  t.equal(verdictIn('"outcome":"exited" and no JSON'), undefined)
  t.equal(verdictIn(''), undefined)
})

void tap.test('selectors as -l takes them, ages and tables as kubectl prints them', async (t) => {
  t.equal(
    selectorOf({
      spec: {
        selector: {
          matchLabels: { app: 'web' },
          matchExpressions: [
            { key: 'tier', operator: 'In', values: ['a', 'b'] },
            { key: 'old', operator: 'DoesNotExist' },
            { key: 'x', operator: 'NotIn', values: ['y'] },
            { key: 'z', operator: 'Exists' },
          ],
        },
      },
    }),
    'app=web,tier in (a,b),!old,x notin (y),z',
  )
  t.throws(() => podSelectorOf({ kind: 'ConfigMap', metadata: { name: 'x' } }), /ConfigMap x selects no pods/)
  t.equal(podSelectorOf({ kind: 'Service', spec: { selector: { app: 'web' } } }), 'app=web')
  t.same([0, 9_940, 12_000, 245_000, 7_200_000, 200_000_000].map(ageText), [
    '0.0s',
    '9.9s',
    '12s',
    '4m5s',
    '2h',
    '2d',
  ])
  t.same(columns(['NAME', 'A'], [['x', '1']]), ['NAME   A', 'x      1'])
  t.same(columns(['NAME'], []), [])
})

void tap.test('a pod that lies has short, plain words in the table', async (t) => {
  const told = '\x1b[2Jserving\u202e'.repeat(100_000)
  const read = readAnswer(JSON.stringify(statusObject(told, { version: told })))
  t.match(read, { kind: 'status', phase: /^\?\[2Jserving[ -~]{0,10}$/, version: /^[ -~]{1,20}$/ })
  t.match(readAnswer('{"phase":{},"inFlight":{"total":1}}'), { kind: 'none' })
  t.match(readAnswer('{"phase":"serving","inFlight":{"total":"many"}}'), { kind: 'none' })
  t.equal(refusal('Error from server (Forbidden): \x1b]0;mine\x07 go away'), '?]0;mine? go away')
})
