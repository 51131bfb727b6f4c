/** Everything beside a rollout that stops a pod. */
import type { Kubectl } from '../kubectl.ts'
import { own } from '../objects.ts'
import type { PodStory } from '../pods.ts'
import { type Fault, NotHere, type Spares } from './fault.ts'
import { pause, type Scene, withoutEndpoint } from './scene.ts'

const POLICY_V1_MINOR = 22
const BUDGET_V1_MINOR = 21
const BUDGET = 'lastcall-e2e'
/** Restarted so long after the deletion: past settling, with the drain under way. */
const INTO_DRAIN_MS = 4000

/** A pod that was deleted and whose drain must lose nothing. */
async function whole(scene: Scene, pods: readonly PodStory[], from: number, notes: readonly string[] = []) {
  await scene.gone(pods)
  await scene.calm()
  const now = Date.now()
  return { touched: pods.map(({ name }) => name), from, to: now, until: now, notes }
}

const eviction: Fault = {
  name: 'evict',
  group: 'stop',
  what: 'one pod is evicted through the API',
  spares: 'everything',
  loses: 'Nothing: an eviction deletes the pod.',
  onNode: false,
  async run(scene) {
    const pod = scene.pick()
    const from = Date.now()
    const { kubectl, minor } = scene
    const { name } = pod
    const order = {
      apiVersion: minor >= POLICY_V1_MINOR ? 'policy/v1' : 'policy/v1beta1',
      kind: 'Eviction',
      metadata: { name, namespace: kubectl.namespace },
    }
    const url = `/api/v1/namespaces/${kubectl.namespace}/pods/${name}/eviction`
    await kubectl.run(['create', '--raw', url, '-f', '-'], JSON.stringify(order))
    return whole(scene, [pod], from)
  },
}

const nodeDrain: Fault = {
  name: 'drain',
  group: 'stop',
  what: 'kubectl drain of the node, with a PodDisruptionBudget that allows one pod at a time',
  spares: 'everything',
  loses: 'Nothing.',
  onNode: false,
  async run(scene) {
    const { kubectl, name, replicas, minor } = scene
    const node = await scene.someNode()
    const pods = scene.living()
    const from = Date.now()
    const labels = { ...own, app: name }
    const budget = [
      {
        apiVersion: minor >= BUDGET_V1_MINOR ? 'policy/v1' : 'policy/v1beta1',
        kind: 'PodDisruptionBudget',
        metadata: { name: BUDGET, labels: own },
        spec: { minAvailable: replicas - 1, selector: { matchLabels: labels } },
      },
    ]
    let fewest = replicas
    const watch = setInterval(() => (fewest = Math.min(fewest, scene.living().length)), 100)
    const back = async (cleaner: Kubectl) => {
      clearInterval(watch)
      await cleaner.run(['uncordon', node])
      await cleaner.run(['delete', 'poddisruptionbudget', BUDGET, '--ignore-not-found'])
    }
    return scene.undo.around(`the cordon of ${node}`, back, async () => {
      await kubectl.apply(budget)
      // All of the pods may be on this node, and there may be no other: then their successors need it.
      const drain = kubectl.run(['drain', node, `--pod-selector=app=${name}`, '--timeout=240s'])
      const first = scene.until('the first pod to be evicted', () =>
        pods.some(({ deletedAt }) => deletedAt !== undefined),
      )
      await Promise.race([first, drain])
      await kubectl.run(['uncordon', node])
      await drain
      const evicted = pods.filter(({ deletedAt }) => deletedAt !== undefined)
      const notes = [
        `${evicted.length} pods evicted one after another, at least ${fewest} ready; the node was open again after the first`,
      ]
      const blow = await whole(scene, evicted, from, notes)
      return fewest >= replicas - 1 ? blow : { ...blow, problems: [`only ${fewest} pods were ready`] }
    })
  },
}

const forced: Fault = {
  name: 'force-delete',
  group: 'stop',
  what: 'one pod is deleted with --grace-period=0 --force',
  spares: 'other pods',
  loses:
    'Requests in flight, and requests that arrive until kube-proxy is updated: no hook is called, and SIGKILL follows ' +
    'SIGTERM within 2 s. That is what these flags ask for; no sidecar can prevent it.',
  onNode: false,
  async run(scene) {
    const pod = scene.pick()
    const reading = await scene.reading(pod.name)
    const from = Date.now()
    await scene.delete(pod, '--grace-period=0', '--force')
    const to = Date.now() + 2000
    await scene.gone([pod])
    await pause(2000)
    await scene.calm()
    return { touched: [pod.name], from, to, until: to, reading }
  },
}

const shutdown: Fault = {
  name: 'node-shutdown',
  group: 'stop',
  what: "the node shuts down (the kubelet's graceful node shutdown)",
  spares: 'everything',
  loses:
    "Nothing that is in flight, if the kubelet's shutdownGracePeriod covers `--grace-period`. New connections may be refused for about " +
    'a second per pod: the kubelet (1.36) neither probes a pod nor reports it as not ready before its containers have ended, ' +
    'so its endpoint stays, and lastcall has to stop serving at `--lame-duck-max`.',
  onNode: true,
  async run(scene) {
    const found = await scene.node.sh(await scene.someNode(), 'ls -d /run/systemd/system 2>/dev/null || true')
    if (found.trim() === '')
      throw new NotHere('no systemd (logind) on the node, which tells the kubelet of a shutdown')
    throw new NotHere(
      'it would end the node, and this test with it: shut a node down by hand under `--steps load`',
    )
  },
}

function restarted(daemon: string, spares: Spares, loses: string): Fault {
  return {
    name: `${daemon}-restart`,
    group: 'stop',
    what: `${daemon} is killed and started again in the middle of a drain`,
    spares,
    loses,
    onNode: true,
    async run(scene) {
      const node = await scene.someNode()
      const pod = scene.pick()
      const from = Date.now()
      await scene.delete(pod)
      await pause(INTO_DRAIN_MS)
      const { phase } = await scene.status(pod.name)
      await scene.node.restart(node, daemon)
      const back = `the pod was ${phase}; ${daemon} was back ${Date.now() - from} ms after the deletion`
      const blow = await whole(scene, [pod], from)
      return { ...blow, notes: [back, ...withoutEndpoint(scene, from)] }
    },
  }
}

const KUBELET =
  'The drain loses nothing: its hook breaks, lastcall keeps draining, and the new kubelet calls the hook again. ' +
  'But a starting kubelet may report its pods as not ready until it has probed them: a Service with all its pods ' +
  'on this node has no endpoint for a moment, and refuses new connections.'
const CONTAINERD = 'Nothing: containers keep running without it.'

export const STOP_FAULTS: readonly Fault[] = [
  eviction,
  nodeDrain,
  forced,
  shutdown,
  restarted('kubelet', 'connections', KUBELET),
  restarted('containerd', 'everything', CONTAINERD),
]
