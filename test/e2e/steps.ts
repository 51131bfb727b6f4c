/** What is done to the app: rollouts, scaling, deletions, a liveness probe that fails. Each step ends when all is quiet. */
import { until } from '../fixtures/until.ts'
import { HEALTH_PORT } from './objects.ts'
import type { PodStory } from './pods.ts'
import type { Stage, Step } from './stage.ts'

const POLL_MS = 250

/** The load alone, for comparison. */
export function nothing(ms: number): Step {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return []
  }
}

/** Every pod is replaced. It is over when the last old one has gone, which is after the Deployment says that it is. */
export const rollout: Step = async (stage) => {
  const { kubectl, name } = stage.cast
  const old = living(stage)
  await kubectl.run(['rollout', 'restart', `deployment/${name}`])
  await stage.available()
  await gone(stage, old)
  return []
}

/** More or fewer replicas. */
export function scale(replicas: number): Step {
  return async (stage) => {
    const { kubectl, name } = stage.cast
    await kubectl.run(['scale', `deployment/${name}`, `--replicas=${replicas}`])
    await stage.available()
    await quiet(stage, replicas)
    return []
  }
}

/** One pod is deleted, and the Deployment makes another. */
export const deletion: Step = async (stage) => {
  const { kubectl } = stage.cast
  const pods = living(stage)
  const [one] = pods
  if (one === undefined) return ['no pod is there to be deleted']
  await kubectl.run(['delete', 'pod', one.name, '--wait=false'])
  await gone(stage, [one])
  await stage.available()
  await quiet(stage, pods.length)
  return []
}

/** The app of one pod fails its liveness probe: its container is killed and started again, and the pod stays. */
export const liveness: Step = async (stage) => {
  const { kubectl, timeoutMs } = stage.cast
  const [pod] = living(stage)
  if (pod === undefined) return ['no pod is there to be made sick']
  const { name, uid, restarts } = pod
  const answered = async () => (await stage.report()).byPod[name]?.requests ?? 0
  await kubectl.get(name, HEALTH_PORT, '/sick')
  const lost = () => pod.deletedAt !== undefined || stage.pods.stories.get(name)?.uid !== uid
  await until(`a restart in ${name}`, () => lost() || pod.restarts > restarts, timeoutMs, POLL_MS)
  if (lost()) return [`${name} was lost with its app container`]
  await until(`${name} ready again`, () => pod.ready && pod.deregisteredAt === undefined, timeoutMs, POLL_MS)
  const before = await answered()
  await until(`requests to ${name}`, async () => (await answered()) > before, timeoutMs, 1000)
  const more = pod.restarts - restarts
  return more === 1 ? [] : [`${name} had ${more} restarts instead of one`]
}

export function living(stage: Stage): PodStory[] {
  return stage.pods.present.filter(({ deletedAt, ready }) => deletedAt === undefined && ready)
}

export async function gone(stage: Stage, pods: readonly PodStory[]): Promise<void> {
  const all = () => pods.every(({ goneAt }) => goneAt !== undefined)
  await until(`the end of ${pods.map(({ name }) => name).join(', ')}`, all, stage.cast.timeoutMs, POLL_MS)
}

/** Just so many pods, all of them ready and none on its way out. */
export async function quiet(stage: Stage, replicas: number): Promise<void> {
  const settled = () =>
    stage.pods.present.length === replicas &&
    stage.pods.present.every(({ ready, deletedAt }) => ready && deletedAt === undefined)
  await until(`${replicas} pods and no others`, settled, stage.cast.timeoutMs, POLL_MS)
}
