/** A pod of higher priority needs the room of one of ours. */
import type { Kubectl } from '../kubectl.ts'
import { type Images, own, type Part } from '../objects.ts'
import type { Fault } from './fault.ts'
import { deleted, type Scene } from './scene.ts'

export const LOW = 'lastcall-e2e-low'
const HIGH = 'lastcall-e2e-high'
const INTRUDER = 'lastcall-e2e-intruder'
/** Both below the default of 0: nobody else's pod can be preempted. */
const LOW_VALUE = -100
const HIGH_VALUE = -50
/** Not more than a pod of ours asks for: so much more than is free takes exactly one of them. */
const MORE_MILLICORES = 100

/** The PriorityClasses; they belong to no namespace. */
export const priorities: readonly Part[] = [[LOW, LOW_VALUE] as const, [HIGH, HIGH_VALUE] as const].map(
  ([name, value]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, labels: own },
    value,
  }),
)

interface Asking {
  readonly resources?: { readonly requests?: { readonly cpu?: string } }
}

interface PodSpec extends Asking {
  readonly containers: readonly Asking[]
  readonly initContainers?: readonly (Asking & { readonly restartPolicy?: string })[]
}

/**
 * What a pod asks for once it runs, in thousandths of a core: its containers and its native sidecars together, or what its
 * `resources` say as a whole. Pure.
 */
export function askedBy({ resources, containers, initContainers = [] }: PodSpec): number {
  const whole = resources?.requests?.cpu
  if (whole !== undefined) return millicores(whole)
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
    .map((one) => millicores(one.resources?.requests?.cpu ?? '0'))
    .reduce((sum, cpu) => sum + cpu, 0)
}

/** The CPU that nobody has asked for on a node, in thousandths of a core. */
async function free(scene: Scene, node: string): Promise<number> {
  const { kubectl } = scene
  const { status } = await kubectl.json<{ status: { allocatable: { cpu: string } } }>(['get', 'node', node])
  const { items } = await kubectl.json<{ items: { spec: PodSpec; status: { phase: string } }[] }>([
    'get',
    'pods',
    '--all-namespaces',
    `--field-selector=spec.nodeName=${node}`,
  ])
  const asked = items
    .filter((pod) => pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed')
    .reduce((sum, { spec }) => sum + askedBy(spec), 0)
  return millicores(status.allocatable.cpu) - asked
}

/** `2`, `0.5` or `250m`. Pure. */
export function millicores(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000
}

function intruder(images: Images, node: string, cpu: number): Part {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: INTRUDER, labels: own },
    spec: {
      priorityClassName: HIGH,
      terminationGracePeriodSeconds: 1,
      nodeSelector: { 'kubernetes.io/hostname': node },
      containers: [
        {
          name: 'intruder',
          image: images.app,
          imagePullPolicy: images.pullPolicy,
          resources: { requests: { cpu: `${cpu}m` } },
        },
      ],
    },
  }
}

const gone = (kubectl: Kubectl) =>
  kubectl.run(['delete', 'pod', INTRUDER, '--ignore-not-found', '--wait=true'])

export const preemption: Fault = {
  name: 'preempt',
  group: 'stop',
  what: 'a pod of higher priority preempts one pod',
  spares: 'everything',
  loses: 'Nothing: the scheduler deletes the pod, and its grace period holds.',
  onNode: false,
  async run(scene) {
    const { kubectl } = scene
    const node = await scene.someNode()
    const pods = scene.living()
    const from = Date.now()
    const cpu = (await free(scene, node)) + MORE_MILLICORES
    const blow = await scene.undo.around('the intruder', gone, async () => {
      await kubectl.apply([intruder(scene.stage.cast.images, node, cpu)])
      await scene.until('a preemption', () => deleted(pods).length > 0)
      await kubectl.run(['wait', '--for=condition=Ready', `pod/${INTRUDER}`, '--timeout=120s'])
      const touched = deleted(pods)
      await scene.gone(touched)
      const now = Date.now()
      const notes = [`${touched.length} preempted for a pod that asked for ${cpu} millicores`]
      return { touched: touched.map(({ name }) => name), from, to: now, until: now, notes }
    })
    await scene.calm()
    return blow
  },
}
