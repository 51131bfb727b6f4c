/** `kubectl lastcall rollout` and `watch`: what is printed and what the exit code says, by a cluster in the test's hands. */
import tap, { type Test } from 'tap'
import { readAsked } from '../../src/tools/cluster/arguments.ts'
import { failure } from '../../src/tools/cluster/kubectl.ts'
import { Printer } from '../../src/tools/cluster/printer.ts'
import { ROLLOUT, rollout, WATCH, watch } from '../../src/tools/cluster/watch.ts'
import {
  deploymentObject,
  podObject,
  ScriptedCluster,
  SETTLED,
  statusObject,
} from '../fixtures/scripted-cluster.ts'
import { until } from '../fixtures/until.ts'

const TIMES = { askMs: 5, listMs: 20, againMs: 5, turnMs: 5 }
const VERDICT =
  'drained in 7.2 s (settle 3.0 s, lame duck 4.2 s, draining 0.0 s), exited 0.1 s later (signal): ' +
  '2 in flight at the start, 11 finished, 0 cut; last new connection 0.4 s after the drain began'

/** What Kubernetes says of a rollout that it has given up. */
const TIMED_OUT = [
  {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'Deployment "web" has timed out progressing.',
  },
]

class Said {
  text = ''
  readonly isTTY: boolean
  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
  }
}

/** A session that runs; `code` resolves with its exit code. */
function session(t: Test, cluster: ScriptedCluster, line: string, terminal = false) {
  const [name, ...argv] = line.split(' ')
  const command = name === 'rollout' ? ROLLOUT : WATCH
  const outcome = readAsked(argv, command)
  if (outcome.kind === 'problems') throw new Error(outcome.problems.join('\n'))
  const { asked } = outcome
  const [out, err, stop] = [new Said(terminal), new Said(terminal), new AbortController()]
  t.teardown(() => stop.abort())
  const run = name === 'rollout' ? rollout : watch
  const printer = new Printer(out, err, asked.output)
  const code = run({ asked, kubectl: cluster, printer, stop: stop.signal, version: '9.8.7', line }, TIMES)
  const says = (text: RegExp) => until(String(text), () => text.test(out.text + err.text) || undefined)
  return { out, err, stop, code, says }
}

/** A Deployment of one pod, and what a restart of it makes. */
function restarted(old: Parameters<typeof podObject>[1] = {}): ScriptedCluster {
  const cluster = new ScriptedCluster(deploymentObject(1, SETTLED), podObject('web-old', old))
  cluster.onRestart = () => cluster.workload(deploymentObject(2, { observedGeneration: 1, ...SETTLED }))
  return cluster
}

/** The new pod gets ready, and the old one is told to stop. */
async function replace(cluster: ScriptedCluster): Promise<void> {
  await cluster.watched()
  cluster.workload(deploymentObject(2, { replicas: 2, updatedReplicas: 1, availableReplicas: 1 }))
  cluster.pod(podObject('web-new', { ready: false }))
  cluster.pod(podObject('web-new'))
  cluster.answers('web-old', statusObject('settling'))
  cluster.pod(podObject('web-old', { stopping: true }))
}

/** The old pod's lastcall ends, and its object goes. */
function end(cluster: ScriptedCluster, terminated: object): void {
  const pod = podObject('web-old', { ready: false, stopping: true, lastcall: { terminated } })
  cluster.pod(pod)
  cluster.workload(deploymentObject(2, SETTLED))
  cluster.gone(pod)
}

void tap.test('a rollout, reported as it happens, and the verdict of the old pod at its end', async (t) => {
  const cluster = restarted()
  const { out, err, code, says } = session(t, cluster, 'rollout deploy/web')
  await replace(cluster)
  await says(/web-old {2}settling, 2 in flight, 4 saved/)
  cluster.answers('web-old', statusObject('lame-duck'))
  await says(/web-old {2}lame-duck/)
  end(cluster, { exitCode: 0, message: `${VERDICT}\n` })
  t.equal(await code, 0)
  t.equal(err.text, '')
  t.match(out.text, /^deployment\.apps\/web restarted\n/)
  const lines = [
    /s {2}web-new {2}new pod\n/,
    /s {2}web-new {2}ready after 0\.\ds\n/,
    /s {2}web-old {2}told to stop\n/,
    /s {2}web-old {2}settling, 2 in flight, 4 saved\n/,
    /s {2}web-old {2}lame-duck, 2 in flight, 4 saved\n/,
    /s {2}web-old {2}gone after \d+\.\ds: drained in 7\.2 s, 11 saved, 0 cut\n/,
    /\nPOD +SAVED +CUT +DRAIN +GONE AFTER\nweb-old +11 +0 +7\.2s +\d\.\ds\n/,
    /\n1 pod stopped: 11 requests saved \(finished after the pod was told to stop\), 0 cut\.\n/,
    /\nDone in [\d.]+ s\.\n$/,
  ]
  const places = lines.map((line) => out.text.search(line))
  t.ok(
    places.every((place) => place !== -1),
    out.text,
  )
  t.same(
    places,
    places.toSorted((a, b) => a - b),
    'in this order',
  )
})

void tap.test('on a terminal, a line for each pod moves, and what has happened stays above', async (t) => {
  const cluster = restarted()
  const { out, code, says } = session(t, cluster, 'rollout deploy/web', true)
  await replace(cluster)
  await says(/\[\d+A.\[J {2}web-old +\d\.\ds {2}settling, 2 in flight, 4 saved\n/)
  cluster.answers('web-old', statusObject('draining'))
  await says(/\[\d+A.\[J {2}web-old +\d\.\ds {2}draining/)
  end(cluster, { exitCode: 0, message: VERDICT })
  t.equal(await code, 0)
  const last = out.text.slice(out.text.lastIndexOf('\u001B[J') + 3)
  t.match(last, /^\nPOD +SAVED/, 'no line moves any more')
})

void tap.test('without the right to watch, kubectl says so', async (t) => {
  const cluster = restarted()
  cluster.follow = () => {
    throw failure('forbidden', 'Error from server (Forbidden): pods is forbidden: cannot watch')
  }
  await t.rejects(session(t, cluster, 'watch deploy/web').code, { message: /cannot watch/ })
})

void tap.test('what was cut makes the exit code 1', async (t) => {
  const cluster = restarted()
  const { out, code } = session(t, cluster, 'rollout deploy/web')
  await replace(cluster)
  end(cluster, {
    exitCode: 1,
    message:
      'ended by the deadline after 29.0 s (settle 3.0 s): 3 in flight at the start, 8 finished, 2 cut; no new ...',
  })
  t.equal(await code, 1)
  t.match(out.text, /gone after .*: ended by the deadline after 29\.0 s, 8 saved, 2 cut\n/)
  t.match(out.text, /8 requests saved .*, 2 cut/)
})

void tap.test('a pod without a verdict is unknown, and never counted as clean', async (t) => {
  for (const [terminated, row, text] of [
    [
      { exitCode: 137, reason: 'Error' },
      /web-old +\? +\? +\?/,
      /unknown: lastcall exited with code 137 \(Error\)/,
    ],
    [
      undefined,
      /web-old +\? +\? +\?/,
      /unknown: the pod left no verdict; last seen settling with 2 in flight/,
    ],
  ] as const) {
    const cluster = restarted()
    const { out, code, says } = session(t, cluster, 'rollout deploy/web')
    await replace(cluster)
    await says(/web-old {2}settling/)
    if (terminated !== undefined) end(cluster, terminated)
    else {
      // Nobody tells of its end: the node is gone, or the watch began anew.
      cluster.workload(deploymentObject(2, SETTLED))
      cluster.silent = true
      cluster.gone(podObject('web-old', { stopping: true }))
    }
    t.equal(await code, 3)
    t.match(out.text, row)
    t.match(out.text, text)
    t.match(out.text, /Unknown for 1 pod without a verdict\./)
  }
})

void tap.test(
  'a container without a termination message: its exit code tells whether something was cut',
  async (t) => {
    const cluster = restarted()
    const { out, code } = session(t, cluster, 'rollout deploy/web -o json')
    await replace(cluster)
    end(cluster, { exitCode: 0, reason: 'Completed' })
    t.equal(await code, 0)
    t.match(JSON.parse(out.text), {
      workload: 'Deployment/web',
      namespace: 'shop',
      outcome: 'done',
      cut: 0,
      unknown: 0,
      pods: [
        { name: 'web-old', old: true, verdict: { cut: 0, saved: null, source: 'exit code' } },
        { name: 'web-new', old: false, ready: true },
      ],
    })
  },
)

void tap.test(
  'a rollout that Kubernetes gives up, one that takes too long, and one whose workload is deleted',
  async (t) => {
    const stuck = { replicas: 2, updatedReplicas: 1, availableReplicas: 1 }
    const begin = (line: string) => {
      const cluster = restarted()
      cluster.onRestart = () => {
        const app = { waiting: { reason: 'ImagePullBackOff' } }
        cluster.pod(podObject('web-new', { ready: false, app }))
        cluster.workload(deploymentObject(2, stuck))
      }
      return { cluster, ...session(t, cluster, line) }
    }
    const given = begin('rollout deploy/web')
    await given.says(/web-new {2}new pod/)
    given.cluster.workload(deploymentObject(2, { ...stuck, conditions: TIMED_OUT }))
    t.equal(await given.code, 1)
    t.match(given.err.text, /error: the rollout of Deployment web failed: Deployment .* has timed out/)
    t.match(given.err.text, /web-new is not ready: app: ImagePullBackOff/)

    const late = begin('rollout deploy/web --timeout 1s')
    t.equal(await late.code, 1)
    t.match(
      late.err.text,
      /was not complete within 1 s; it continues in the cluster\n {2}web-new is not ready: app: ImagePullBackOff/,
    )

    const deleted = begin('rollout deploy/web')
    await deleted.says(/web-new {2}new pod/)
    deleted.cluster.workload(undefined)
    t.equal(await deleted.code, 1)
    t.match(deleted.err.text, /failed: it was deleted/)
  },
)

void tap.test('Ctrl-C stops watching, and says that the rollout goes on', async (t) => {
  const cluster = restarted()
  const { err, out, stop, code, says } = session(t, cluster, 'rollout deploy/web')
  await replace(cluster)
  await says(/web-old {2}settling/)
  stop.abort()
  t.equal(await code, 130)
  t.match(
    err.text,
    /Stopped watching\. The rollout of Deployment web continues; .* kubectl lastcall watch deploy\/web --once/,
  )
  t.match(out.text, /Still stopping, and not counted: web-old\./)
  t.same(
    cluster.calls.filter((call) => !/^(?:get|ask|logs) /.test(call)),
    ['rollout restart deploy/web'],
    'nothing else was changed',
  )
})

void tap.test('nothing is restarted where the pods have no lastcall', async (t) => {
  const cluster = new ScriptedCluster(
    deploymentObject(1, SETTLED, false),
    podObject('web-old', { lastcall: null }),
  )
  const { code } = session(t, cluster, 'rollout deploy/web')
  await t.rejects(code, {
    message:
      /^error: Deployment web has no lastcall, and was not restarted: kubectl lastcall add deploy\/web adds it/,
  })
  t.same(cluster.calls, ['get deploy/web'])
})

void tap.test('watch waits for a rollout of somebody else, and with --once ends with it', async (t) => {
  const cluster = restarted()
  const { out, code, says } = session(t, cluster, 'watch deploy/web --once')
  await cluster.watched()
  await says(/all pods are updated and available/)
  await replace(cluster)
  await says(/told to stop/)
  end(cluster, { exitCode: 0, message: VERDICT })
  t.equal(await code, 0)
  t.match(out.text, /1 pod stopped: 11 requests saved/)
  t.notOk(cluster.calls.some((call) => call.startsWith('rollout')))
})

void tap.test(
  'watch --once: a rollout that fails is its end; one that had failed before is not',
  async (t) => {
    const failed = { replicas: 2, updatedReplicas: 1, availableReplicas: 1, conditions: TIMED_OUT }
    const cluster = new ScriptedCluster(deploymentObject(2, failed), podObject('web-old'))
    const { code, err, says } = session(t, cluster, 'watch deploy/web --once')
    await cluster.watched()
    await says(/timed out/)
    cluster.workload(deploymentObject(3, { replicas: 2, updatedReplicas: 1, availableReplicas: 1 }))
    await says(/waiting for 1 old pod to stop/)
    cluster.workload(deploymentObject(3, failed))
    t.equal(await code, 1)
    t.match(err.text, /error: the rollout of Deployment web failed: Deployment "web" has timed out/)
  },
)

void tap.test('watch without --once tells each rollout, and all of them at its end', async (t) => {
  const cluster = restarted()
  const { out, stop, code, says } = session(t, cluster, 'watch deploy/web')
  await replace(cluster)
  end(cluster, { exitCode: 0, message: VERDICT })
  await says(/1 pod stopped: 11 requests saved/)
  // A pod that was deleted by hand, without lastcall.
  cluster.pod(podObject('web-bare', { lastcall: null }))
  cluster.gone(podObject('web-bare', { lastcall: null, stopping: true }))
  await says(/Unknown for 1 pod without lastcall, which counts the requests\./)
  stop.abort()
  t.equal(await code, 3, 'of one pod nobody knows')
  t.match(
    out.text,
    /2 pods stopped: 11 requests saved .*, 0 cut\.\nUnknown for 1 pod without lastcall, which counts the requests\.\n$/,
  )
})

void tap.test(
  'the end of a workload that never changes generation is not taken for that of the restart',
  async (t) => {
    const cluster = restarted()
    // The controller has not seen the restart: the status is that of the rollout before.
    const { out, code, says } = session(t, cluster, 'rollout deploy/web')
    await cluster.watched()
    await says(/restarted/)
    cluster.workload(deploymentObject(2, { observedGeneration: 1, ...SETTLED }))
    await replace(cluster)
    end(cluster, { exitCode: 0, message: VERDICT })
    t.equal(await code, 0)
    t.match(out.text, /1 pod stopped/)
  },
)
