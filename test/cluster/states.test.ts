/** What the status of a workload and of a pod says: whether a rollout is done, and why a pod is not ready. */
import tap from 'tap'
import { podState } from '../../src/tools/cluster/pod-state.ts'
import { replicaFailure, rolloutOf } from '../../src/tools/cluster/rollout.ts'
import type { Branch, Tree } from '../../src/tools/manifest/tree.ts'

function workload(kind: string, status: Branch, spec: Branch = { replicas: 3 }): Branch {
  return {
    kind,
    metadata: { name: 'web', generation: 2 },
    spec,
    status: { observedGeneration: 2, ...status },
  }
}

void tap.test('a Deployment is done when all pods are new, available, and no old one is left', async (t) => {
  const all = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 }
  const of = (status: Branch) => rolloutOf(workload('Deployment', status))
  t.same(of(all), { kind: 'done' })
  t.same(of({ ...all, observedGeneration: 1 }), {
    kind: 'going',
    says: 'waiting for Kubernetes to see the change',
  })
  t.same(of({ ...all, updatedReplicas: 1 }), { kind: 'going', says: '1 of 3 new pods created' })
  t.same(of({ ...all, availableReplicas: 2 }), { kind: 'going', says: '2 of 3 new pods available' })
  t.same(of({ ...all, replicas: 4 }), { kind: 'going', says: 'waiting for 1 old pod to stop' })
  const conditions = [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'has timed out' },
  ]
  t.same(of({ ...all, updatedReplicas: 1, conditions }), { kind: 'failed', says: 'has timed out' })
  t.same(rolloutOf(workload('Deployment', {}, { replicas: 0 })), { kind: 'done' })
})

void tap.test('a StatefulSet and a DaemonSet count in fields of their own', async (t) => {
  const set = { replicas: 3, readyReplicas: 3, currentRevision: 'a', updateRevision: 'b' }
  t.same(rolloutOf(workload('StatefulSet', { ...set, updatedReplicas: 3 })), { kind: 'done' })
  t.match(rolloutOf(workload('StatefulSet', { ...set, updatedReplicas: 1 })), {
    says: '1 of 3 new pods created',
  })
  t.match(rolloutOf(workload('StatefulSet', { ...set, updatedReplicas: 3, readyReplicas: 2 })), {
    kind: 'going',
  })
  t.same(
    rolloutOf(workload('StatefulSet', { ...set, updateRevision: 'a' })),
    { kind: 'done' },
    'all are of one revision',
  )
  const daemons = { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }
  t.same(rolloutOf(workload('DaemonSet', daemons, {})), { kind: 'done' })
  t.match(rolloutOf(workload('DaemonSet', { ...daemons, updatedNumberScheduled: 1 }, {})), {
    says: '1 of 2 new pods created',
  })
  t.match(rolloutOf(workload('DaemonSet', { ...daemons, numberAvailable: 0 }, {})), {
    says: '0 of 2 new pods available',
  })
})

void tap.test('a quota or a policy that lets no pod be made is told', async (t) => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: few' }]
  t.equal(replicaFailure(workload('Deployment', { conditions })), 'exceeded quota: few')
  t.equal(replicaFailure(workload('Deployment', {})), undefined)
})

function pod(status: Branch, containers: Tree = [{ name: 'app' }], metadata: Branch = {}): Branch {
  return { metadata: { name: 'web-1', uid: '1', ...metadata }, spec: { containers }, status }
}

const ready = [{ type: 'Ready', status: 'True' }]

void tap.test('a pod in one word, and why it is not ready', async (t) => {
  const of = (state: Branch, more: Branch = {}) =>
    podState(pod({ containerStatuses: [{ name: 'app', ready: false, state, ...more }] }))
  t.match(podState(pod({ conditions: ready })), {
    ready: true,
    says: 'ready',
    why: undefined,
    lastcall: false,
  })
  t.match(podState(pod({ conditions: ready }, [{ name: 'app' }], { deletionTimestamp: 'now' })), {
    ready: false,
    says: 'stopping',
  })
  t.match(of({ waiting: { reason: 'ContainerCreating' } }), { says: 'starting', why: undefined })
  t.match(of({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } }), {
    says: 'ImagePullBackOff',
    why: 'container app: ImagePullBackOff: Back-off',
  })
  t.match(of({ waiting: { reason: 'CrashLoopBackOff' } }, { lastState: { terminated: { exitCode: 2 } } }), {
    why: 'container app: CrashLoopBackOff (its last exit code was 2)',
  })
  t.match(of({ terminated: { exitCode: 137, reason: 'OOMKilled' } }), {
    says: 'OOMKilled',
    why: 'container app: exited with code 137',
  })
  t.match(of({ running: {} }), { says: 'not ready', why: 'container app: is running, but not ready' })
  const unscheduled = [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
  ]
  t.match(podState(pod({ conditions: unscheduled })), {
    says: 'Unschedulable',
    why: 'Unschedulable: 0/1 nodes are available',
  })
})

void tap.test('a pod has lastcall by the name of a container, or by its image', async (t) => {
  t.ok(podState(pod({}, [{ name: 'lastcall' }])).lastcall)
  t.ok(podState(pod({}, [{ name: 'proxy', image: 'registry:5000/lastcall:1' }])).lastcall)
  t.notOk(podState(pod({}, [{ name: 'app', image: 'lastcaller:1' }])).lastcall)
  const init = { name: 'lastcall' }
  const withInit = (container: Branch): Branch => ({
    ...pod({}),
    spec: { initContainers: [container], containers: [{ name: 'app' }] },
  })
  t.ok(podState(withInit({ ...init, restartPolicy: 'Always' })).lastcall, 'a native sidecar')
  t.notOk(podState(withInit(init)).lastcall, 'an init container that ends before the app starts')
})
