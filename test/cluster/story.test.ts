/** What becomes of pods, from the events of a real rollout: what is left of each is its verdict. */
import tap from 'tap'
import type { Branch } from '../../src/tools/manifest/tree.ts'
import { readAnswer } from '../../src/tools/cluster/answer.ts'
import { readPod, type Pod } from '../../src/tools/cluster/pod.ts'
import { rolloutOf } from '../../src/tools/cluster/rollout.ts'
import { Stories } from '../../src/tools/cluster/story.ts'
import { movingLines, sumLines, sumOf } from '../../src/tools/cluster/story-lines.ts'
import { podObject, statusObject } from '../fixtures/scripted-cluster.ts'
import { recordedLines } from '../fixtures/recorded.ts'

interface Event {
  readonly type: string
  readonly object: Branch
}

/** The state of the rollout of a StatefulSet with three replicas. */
function setState(status: object, spec: object = {}) {
  return rolloutOf(workload('StatefulSet', { replicas: 3, ...spec }, status))
}

function workload(kind: string, spec: object, status: object): Branch {
  return {
    kind,
    metadata: { name: 'db', generation: 2 },
    spec,
    status: { observedGeneration: 2, ...status },
  } as unknown as Branch
}

function pod(...args: Parameters<typeof podObject>): Pod {
  return readPod(podObject(...args))!
}

void tap.test('a real rollout: three old pods, their verdicts, and three new ones', async (t) => {
  const events = recordedLines('rollout-pods.jsonl') as Event[]
  const stories = new Stories()
  stories.begin(
    events.slice(0, 3).map(({ object }) => readPod(object)!),
    0,
  )
  const happened = events.slice(3).flatMap(({ type, object }, i) => {
    const seen = readPod(object)!
    return type === 'DELETED' ? stories.gone(seen.uid, seen, i) : stories.seen(seen, i)
  })
  const kinds = (kind: string) => happened.filter((one) => one.kind === kind).length
  t.same([kinds('appeared'), kinds('ready'), kinds('stopping'), kinds('gone')], [3, 3, 3, 3])
  const sources = () => stories.all.flatMap(({ old, verdict }) => (old ? [verdict?.source] : []))
  // Of the first, the kubelet never told how its containers ended: they are shown as if they were yet to be created.
  t.same(sources(), ['nothing', 'termination message', 'termination message'])
  t.match(sumOf(stories.all), { saved: 164, cut: 0, unknown: 1, bare: 0 })
  t.match(sumLines(sumOf(stories.all)), [
    /^POD +SAVED +CUT +DRAIN +GONE AFTER$/,
    /^web-655d4f8577-kwn8s +\? +\? +\? +/,
    /^web-655d4f8577-pjwg9 +67 +0 +8\.2s +/,
    /^web-655d4f8577-sgp2r +97 +0 +9\.3s +/,
    '',
    '3 pods stopped: 164 requests saved (finished after the pod was told to stop), 0 cut.',
    'Unknown for 1 pod without a verdict.',
  ])

  const verdict = { outcome: 'exited', cut: 0 }
  const msg =
    'drained in 6.3 s (settle 3.0 s): 3 in flight at the start, 25 finished, 0 cut; no new connection'
  stories.logged(stories.all[0]!.uid, `${JSON.stringify({ verdict, msg })}\n`)
  t.equal(sources()[0], 'log', 'its log has the same line')
  t.match(sumOf(stories.all), { saved: 189, cut: 0, unknown: 0 })
})

void tap.test('the Deployment of that rollout is done when its status says so, not before', async (t) => {
  const objects = (recordedLines('rollout-deployment.jsonl') as Event[]).map(({ object }) => object)
  t.equal(rolloutOf(objects[0]!).kind, 'done', 'the rollout before')
  const kinds = objects.slice(1).map((object) => rolloutOf(object).kind)
  t.equal(kinds.indexOf('done'), kinds.length - 1, kinds.join(' '))
})

void tap.test('lastcall that was restarted in its pod is alive again', async (t) => {
  const stories = new Stories()
  stories.begin([pod('web-1')], 0)
  stories.seen(pod('web-1', { lastcall: { terminated: { exitCode: 137 } } }), 1)
  stories.seen(pod('web-1', { lastcall: { waiting: { reason: 'CrashLoopBackOff' } } }), 2)
  t.equal(stories.all[0]?.state?.kind, 'ended')
  stories.seen(pod('web-1'), 3)
  t.equal(stories.all[0]?.state?.kind, 'running')
})

void tap.test(
  'a pod that a list has no longer is gone, unless it came after the list was asked for',
  async (t) => {
    const stories = new Stories()
    stories.begin([pod('web-1'), pod('web-2')], 0)
    const before = stories.present
    stories.seen(pod('web-3'), 1)
    const happened = stories.listed([pod('web-1')], before, 2)
    t.same(
      happened.map(({ kind, story }) => [kind, story.name]),
      [['gone', 'web-2']],
    )
    t.same(stories.gone('uid-web-2', undefined, 3), [], 'once')
    t.same(stories.seen(pod('web-2'), 4), [], 'and an event from before does not bring it back')
  },
)

void tap.test('lines that move: what stops and what starts, with the reason why it does not', async (t) => {
  const stories = new Stories()
  stories.begin([pod('web-1'), pod('web-2'), pod('web-bare', { lastcall: null })], 0)
  stories.seen(pod('web-2', { stopping: true }), 1000)
  stories.answered('uid-web-2', readAnswer(JSON.stringify(statusObject('lame-duck'))), 1500)
  stories.seen(pod('web-bare', { lastcall: null, stopping: true }), 1000)
  stories.seen(pod('web-new', { ready: false, app: { waiting: { reason: 'ErrImagePull' } } }), 2000)
  t.same(movingLines(stories.all, '1 of 2 updated', 0, 4000), [
    '  web-2      3.0s  lame-duck, 2 in flight, 4 saved',
    '  web-bare   3.0s  stopping, without lastcall',
    '  web-new    2.0s  starting (app: ErrImagePull)',
    '   4.0s  1 of 2 updated',
  ])
})

void tap.test('StatefulSets with and without a partition, DaemonSets', async (t) => {
  const going = {
    replicas: 3,
    updatedReplicas: 1,
    readyReplicas: 3,
    updateRevision: 'b',
    currentRevision: 'a',
  }
  t.same(setState(going), { kind: 'going', says: '1 of 3 new pods created' })
  t.equal(setState({ replicas: 3, readyReplicas: 3, updateRevision: 'b', currentRevision: 'b' }).kind, 'done')
  const kept = { updateStrategy: { rollingUpdate: { partition: 2 } } }
  t.equal(setState(going, kept).kind, 'done', 'two stay as they are')
  t.equal(setState({ ...going, updatedReplicas: 0 }, kept).kind, 'going')
  t.equal(setState({ ...going, observedGeneration: 1 }, kept).kind, 'going')
  const daemon = [1, 2].map((updatedNumberScheduled) =>
    workload('DaemonSet', {}, { desiredNumberScheduled: 2, updatedNumberScheduled, numberAvailable: 2 }),
  )
  t.same(
    daemon.map((object) => rolloutOf(object).kind),
    ['going', 'done'],
  )
})
