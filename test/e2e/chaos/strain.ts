/** A node that is short of something: processor, memory; and of the right time. */
import type { Node } from './node.ts'
import { type Fault, NotHere } from './fault.ts'
import { SIDECAR } from '../objects.ts'
import { type Scene, withoutEndpoint } from './scene.ts'

const BUSY_S = 60

const busy: Fault = {
  name: 'cpu-busy',
  group: 'node',
  what: `all cores of the node are busy for ${BUSY_S} s, and all pods are replaced meanwhile`,
  spares: 'everything',
  loses:
    'Nothing: lastcall waits for slower requests. Leave room in `--grace-period` on nodes that are often busy.',
  onNode: true,
  async run(scene) {
    const { kubectl, name } = scene
    const node = await scene.someNode()
    const pods = scene.living()
    const from = Date.now()
    const script = `for core in $(seq "$(nproc)"); do timeout ${BUSY_S} sh -c 'while :; do :; done' & done; wait; uptime`
    const load = scene.node.sh(node, script)
    await kubectl.run(['rollout', 'restart', `deployment/${name}`])
    await scene.stage.available()
    await scene.gone(pods)
    const rolledMs = Date.now() - from
    const uptime = await load
    await scene.calm()
    const now = Date.now()
    const average = /load average: (.*)/.exec(uptime)?.[1] ?? 'unknown'
    const notes = [`the rollout took ${(rolledMs / 1000).toFixed(1)} s; load average at the end ${average}`]
    return { touched: pods.map((pod) => pod.name), from, to: now, until: now, notes }
  },
}

/** The kubelet's configuration file on the node. */
async function configOf(node: Node, name: string): Promise<string> {
  const script = `for file in /proc/[0-9]*/comm; do
    [ "$(cat "$file" 2>/dev/null)" != kubelet ] || tr '\\0' '\\n' <"\${file%/comm}/cmdline"
  done`
  const path = /^--config[=\n](.+)$/m.exec(await node.sh(name, script))?.[1]
  if (path === undefined) throw new NotHere('the kubelet has no --config on this node')
  return path
}

/**
 * No memory is taken: the kubelet is told that any memory in use is too much. It evicts by the same rules, softly: with the
 * grace period of the pod.
 */
const PRESSURE = `
evictionSoft: {memory.available: "99%"}
evictionSoftGracePeriod: {memory.available: 1s}
evictionMaxPodGracePeriod: 60
evictionPressureTransitionPeriod: 1s
`

/** Before it, the kubelet's next cleanup killed what an evicted pod still ran. */
const WHOLE_EVICTION_MINOR = 22

const memory: Fault = {
  name: 'memory-pressure',
  group: 'node',
  what: 'the node is short of memory (by a threshold of the kubelet), and the kubelet evicts a pod softly',
  spares: 'connections',
  loses:
    'Nothing that is in flight with a soft threshold and `evictionMaxPodGracePeriod` of at least `--grace-period`, on Kubernetes ' +
    '1.22 or later. The kubelet of 1.20 killed the evicted pod within 2 s whatever that setting said, and so does a hard ' +
    'threshold on every version: what was in flight is lost. New connections may be refused for about a second: the endpoint ' +
    'of an evicted pod stays until its containers have ended (see `node-shutdown`). Here also because the kubelet is ' +
    'restarted to make it feel the pressure: see `kubelet-restart`.',
  onNode: true,
  async run(scene) {
    const name = await scene.someNode()
    const { node, kubectl } = scene
    const path = await configOf(node, name)
    const pods = scene.living()
    const from = Date.now()
    const kept = `${path}.before-lastcall-e2e`
    await node.sh(name, `cp '${path}' '${kept}' && cat >>'${path}' <<'END'${PRESSURE}END`)
    const containers = new Map<string, string>()
    for (const pod of pods) {
      containers.set(pod.name, (await scene.container(pod.name, SIDECAR)).containerID ?? '')
    }
    let victim = ''
    let told: readonly string[] = []
    const back = async () => {
      await node.sh(name, `[ ! -e '${kept}' ] || mv '${kept}' '${path}'`)
      await node.restart(name, 'kubelet')
    }
    await scene.undo.around("the kubelet's configuration", back, async () => {
      await node.restart(name, 'kubelet')
      await scene.until('an eviction by the kubelet', async () => {
        victim = (await evicted(scene)) ?? ''
        return victim !== ''
      })
      // Its drain is the kubelet's to wait for: the next one would not know of it.
      const id = containers.get(victim)
      if (id === undefined) throw new Error(`${victim} was evicted, which was not there before`)
      await scene.until(`the end of ${victim}`, async () => !(await node.lives(name, id)))
      told = await eventsOf(scene, victim)
    })
    const drainedMs = Date.now() - from
    await scene.until('all pods to run', () => running(scene, pods.length))
    for (const phase of ['Failed', 'Succeeded'])
      await kubectl.run([
        'delete',
        'pods',
        '-l',
        `app=${scene.name}`,
        `--field-selector=status.phase=${phase}`,
      ])
    await scene.calm()
    const now = Date.now()
    const notes = [
      `${victim} was evicted, and had ended ${(drainedMs / 1000).toFixed(1)} s after the beginning`,
      ...told,
      ...withoutEndpoint(scene, from),
    ]
    const blow = { touched: pods.map((pod) => pod.name), from, to: now, until: now, notes }
    return scene.minor < WHOLE_EVICTION_MINOR ? { ...blow, spares: 'other pods' } : blow
  },
}

interface Phased {
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly phase: string
    readonly reason?: string
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[]
  }
}

async function phases(scene: Scene): Promise<Phased[]> {
  return (await scene.kubectl.json<{ items: Phased[] }>(['get', 'pods', '-l', `app=${scene.name}`])).items
}

async function evicted(scene: Scene): Promise<string | undefined> {
  return (await phases(scene)).find(isEvicted)?.metadata.name
}

/**
 * Has the kubelet chosen this pod? Since 1.26 a condition says so. A pod of which all containers ended with 0 does not have the reason
 * `Evicted` there: it counts as one that has done its work. Pure.
 */
export function isEvicted({ status: { reason, conditions = [] } }: Pick<Phased, 'status'>): boolean {
  return (
    reason === 'Evicted' ||
    conditions.some((one) => one.type === 'DisruptionTarget' && one.reason === 'TerminationByKubelet')
  )
}

/** What the kubelet said of a pod, with its times. */
async function eventsOf(scene: Scene, pod: string): Promise<string[]> {
  const { items } = await scene.kubectl.json<{
    items: { reason: string; message: string; lastTimestamp: string | null }[]
  }>(['get', 'events', `--field-selector=involvedObject.name=${pod}`])
  return items
    .filter(({ reason }) =>
      ['Evicted', 'Killing', 'FailedPreStopHook', 'ExceededGracePeriod'].includes(reason),
    )
    .map(
      ({ reason, message, lastTimestamp }) =>
        `${lastTimestamp ?? ''} ${reason}: ${message.trim().slice(0, 120)}`,
    )
}

async function running(scene: Scene, replicas: number): Promise<boolean> {
  return (await phases(scene)).filter(({ status }) => status.phase === 'Running').length >= replicas
}

const clock: Fault = {
  name: 'clock-jump',
  group: 'node',
  what: 'the clock of the node jumps in the middle of a drain',
  spares: 'everything',
  loses:
    'Nothing: lastcall measures with the monotonic clock (test/drain/clock-jump.test.ts jumps the other one).',
  onNode: false,
  run: () =>
    Promise.reject(
      new NotHere('Linux has no namespace for the real-time clock, so it would jump for the whole machine'),
    ),
}

export const NODE_FAULTS: readonly Fault[] = [busy, memory, clock]
