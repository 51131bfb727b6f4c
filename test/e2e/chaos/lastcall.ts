/** Faults of lastcall itself: what is lost when the thing in front of the app dies. */
import { SIDECAR } from '../objects.ts'
import type { Fault } from './fault.ts'
import type { Moment } from './node.ts'
import type { Scene } from './scene.ts'

const PORT = 'new connections are refused until the endpoint is removed, or the kubelet has started it again'

const serving: Fault = {
  name: 'lastcall-sigkill',
  group: 'lastcall',
  what: 'the lastcall of one pod is killed with SIGKILL while it serves',
  spares: 'other pods',
  loses: `Requests in flight. Also, ${PORT}: about a second.`,
  onNode: true,
  async run(scene) {
    const pod = scene.pick()
    const { restarts } = pod
    const blow = await scene.aim(pod.name, SIDECAR)
    const reading = await scene.reading(pod.name)
    const moment = await blow('KILL')
    const { backAt } = await scene.restarted(pod, restarts)
    const notes = [`back ${backAt - moment.to} ms later`]
    return { touched: [pod.name], ...moment, until: backAt, reading, notes }
  },
}

/** A request of the test's own, so that a drain with nothing else in flight is not over before anybody has seen it. */
const HELD_MS = 20_000

/** Deletes a pod and kills its lastcall in that phase. */
async function killedIn(scene: Scene, phase: string) {
  const pod = scene.pick()
  const blow = await scene.aim(pod.name, SIDECAR)
  const path = `/slow?ms=${HELD_MS}&id=held`
  // Lost with lastcall, which is the point; it is no client's.
  const held = scene.kubectl.raw(pod.name, await scene.port(pod.name), path).catch(() => {})
  await scene.until(`a request in ${pod.name}`, async () => (await scene.reading(pod.name)).inFlight > 0)
  await scene.delete(pod)
  await scene.until(`${phase} in ${pod.name}`, async () => {
    if (pod.goneAt !== undefined) return true
    return (await scene.status(pod.name)).phase === phase
  })
  if (pod.goneAt !== undefined) throw new Error(`${pod.name} was gone before it was seen ${phase}`)
  const reading = await scene.reading(pod.name)
  const moment: Moment = await blow('KILL')
  await Promise.all([scene.gone([pod]), held])
  await scene.calm()
  const notes = [
    `killed ${moment.to - pod.deletedAt!} ms after the deletion; the containers: ${pod.exits.join(', ')}`,
  ]
  return { touched: [pod.name], ...moment, until: pod.goneAt ?? moment.to, reading, notes }
}

const settling: Fault = {
  name: 'lastcall-sigkill-settling',
  group: 'lastcall',
  what: 'a pod is deleted, and its lastcall killed with SIGKILL while the endpoints propagate (settling)',
  spares: 'other pods',
  loses:
    'Requests in flight, and requests that arrive until kube-proxy is updated: the hook breaks, the kubelet sends the ' +
    'app SIGTERM at once, and nothing accepts connections any more.',
  onNode: true,
  run: (scene) => killedIn(scene, 'settling'),
}

const draining: Fault = {
  name: 'lastcall-sigkill-draining',
  group: 'lastcall',
  what: 'a pod is deleted, and its lastcall killed with SIGKILL in the middle of the drain',
  spares: 'new work',
  loses: 'Requests that are still in flight, and nothing else: by then clients have moved to the other pods.',
  onNode: true,
  run: (scene) => killedIn(scene, 'draining'),
}

const liveness: Fault = {
  name: 'lastcall-liveness',
  group: 'lastcall',
  what: 'the lastcall of one pod hangs (SIGSTOP) until its liveness probe fails and the kubelet kills it',
  spares: 'new work',
  loses:
    'Requests in flight, and requests that arrive until its readiness probe has failed once: 1 to 3 s. The other pods ' +
    'serve until the kubelet has killed it, which takes as long as the probe and the grace period say.',
  onNode: true,
  async run(scene) {
    const pod = scene.pick()
    const { restarts } = pod
    const reading = await scene.reading(pod.name)
    const { from } = await scene.signal(pod.name, SIDECAR, 'STOP')
    await scene.until(`${pod.name} out of the endpoints`, () => pod.deregisteredAt !== undefined)
    const left = pod.deregisteredAt! - from
    const { at, backAt } = await scene.restarted(pod, restarts)
    const notes = [`out of the endpoints after ${left} ms, killed after ${at - from} ms`]
    return { touched: [pod.name], from, to: at, until: backAt, reading, notes }
  },
}

export const LASTCALL_FAULTS: readonly Fault[] = [serving, settling, draining, liveness]
