/** What faults need to know and do: the pods of the stage, what lastcall says, the node beneath. */
import { until } from '../../fixtures/until.ts'
import type { Kubectl } from '../kubectl.ts'
import { ADMIN_PORT, SIDECAR } from '../objects.ts'
import type { PodStory } from '../pods.ts'
import type { Stage } from '../stage.ts'
import { gone, living, quiet } from '../steps.ts'
import type { Reading } from './fault.ts'
import type { Moment, Node } from './node.ts'
import type { Undo } from './undo.ts'

const POLL_MS = 100

interface PodObject {
  readonly spec: {
    readonly nodeName: string
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
  }
  readonly status: {
    readonly containerStatuses: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface Container {
  readonly name: string
  readonly args?: readonly string[]
}

interface ContainerStatus {
  readonly name: string
  readonly containerID?: string
  readonly lastState?: {
    readonly terminated?: { readonly reason?: string; readonly exitCode: number; readonly finishedAt: string }
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export class Scene {
  readonly stage: Stage
  readonly node: Node
  readonly undo: Undo
  readonly replicas: number
  /** Minor version of the server. */
  readonly minor: number

  constructor(stage: Stage, node: Node, undo: Undo, replicas: number, minor: number) {
    this.stage = stage
    this.node = node
    this.undo = undo
    this.replicas = replicas
    this.minor = minor
  }

  get kubectl(): Kubectl {
    return this.stage.cast.kubectl
  }

  get name(): string {
    return this.stage.cast.name
  }

  /** A pod that is ready; one with the fewest restarts, as the kubelet waits longer before each further one. */
  pick(): PodStory {
    const [pod] = living(this.stage).toSorted((a, b) => a.restarts - b.restarts)
    if (pod === undefined) throw new Error('no pod is ready')
    return pod
  }

  living(): PodStory[] {
    return living(this.stage)
  }

  /** Waits; rejects when it takes too long. */
  until(what: string, look: () => boolean | Promise<boolean>): Promise<boolean> {
    return until(what, look, this.stage.cast.timeoutMs, POLL_MS)
  }

  gone(pods: readonly PodStory[]): Promise<void> {
    return gone(this.stage, pods)
  }

  /** Just the replicas, all ready, none on its way out. */
  async calm(): Promise<void> {
    await this.stage.available()
    await quiet(this.stage, this.replicas)
  }

  /** That container of the pod has been restarted, and the Service sends to the pod again; the times of both. */
  async restarted(
    pod: PodStory,
    restarts: number,
  ): Promise<{ readonly at: number; readonly backAt: number }> {
    await this.until(`a restart in ${pod.name}`, () => pod.restarts > restarts)
    const at = Date.now()
    await this.until(`${pod.name} ready again`, () => pod.ready && pod.deregisteredAt === undefined)
    return { at, backAt: Date.now() }
  }

  async status(pod: string): Promise<{ phase: string; inFlight: { total: number } }> {
    return this.kubectl.get(pod, ADMIN_PORT, '/status')
  }

  /** What lastcall has in flight. */
  async reading(pod: string): Promise<Reading> {
    const { inFlight } = await this.status(pod)
    return { inFlight: inFlight.total, at: Date.now() }
  }

  /** The first port of the pod on which its lastcall listens for clients. */
  async port(pod: string): Promise<number> {
    const { spec } = await this.kubectl.json<PodObject>(['get', 'pod', pod])
    const sidecar = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === SIDECAR)
    const port = listening(sidecar?.args ?? [])
    if (port === undefined) throw new Error(`${pod}: nobody knows where its lastcall listens`)
    return port
  }

  async nodeOf(pod: string): Promise<string> {
    return (await this.kubectl.json<PodObject>(['get', 'pod', pod])).spec.nodeName
  }

  /** A node of the pods; there is one. */
  async someNode(): Promise<string> {
    return this.nodeOf(this.pick().name)
  }

  /** Sends a signal to a container of a pod. */
  async signal(pod: string, container: string, signal: string): Promise<Moment> {
    return (await this.aim(pod, container))(signal)
  }

  /** Finds a container, so that `signal` is quick. */
  async aim(pod: string, container: string): Promise<(signal: string) => Promise<Moment>> {
    const { spec } = await this.kubectl.json<PodObject>(['get', 'pod', pod])
    const { containerID = '' } = await this.container(pod, container)
    return (signal) => this.node.signal(spec.nodeName, containerID, signal)
  }

  async container(pod: string, name: string): Promise<ContainerStatus> {
    const { status } = await this.kubectl.json<PodObject>(['get', 'pod', pod])
    const all = [...(status.initContainerStatuses ?? []), ...status.containerStatuses]
    const found = all.find((one) => one.name === name)
    if (found === undefined) throw new Error(`${pod} has no container ${name}`)
    return found
  }

  async delete(pod: PodStory, ...more: string[]): Promise<void> {
    await this.kubectl.run(['delete', 'pod', pod.name, '--wait=false', ...more])
  }
}

/** The first port that these arguments of lastcall say it listens on. */
export function listening(args: readonly string[]): number | undefined {
  const found = args.map((word) => /^--(?:listen|port)=(?:[^=]*:)?(\d+)(?:=|$)/.exec(word)?.[1])
  const port = found.find((one) => one !== undefined)
  return port === undefined ? undefined : Number(port)
}

/** Those of the pods that were deleted. */
export function deleted(pods: readonly PodStory[]): PodStory[] {
  return pods.filter(({ deletedAt }) => deletedAt !== undefined)
}

/** When the Service no longer had the pod, or now. */
export function leftAt(pod: PodStory): number {
  return pod.deregisteredAt ?? Date.now()
}

/** How long the Service had nobody to send to. */
export function withoutEndpoint({ stage }: Scene, since: number): string[] {
  const ms = stage.pods.empty
    .filter(({ from }) => from >= since)
    .reduce((sum, { from, to = Date.now() }) => sum + to - from, 0)
  return ms === 0 ? [] : [`the Service had no endpoint at all for ${ms} ms`]
}
