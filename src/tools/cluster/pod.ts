/** The parts of a pod object that matter for a drain. Pure. */
import { argumentsOf, configOf } from '../manifest/settings.ts'
import { at, branch, list, number, text, type Branch, type Tree } from '../manifest/tree.ts'
import { sidecarOf, type Container } from '../manifest/workload.ts'
import { plain } from './plain.ts'
import { containerStatuses, isReady } from './pod-state.ts'

export interface Pod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Its condition Ready: what Services go by. */
  readonly ready: boolean
  /** All of its containers have ended for good, as those of a Job do, so its lastcall cannot be asked. */
  readonly finished: boolean
  /** When the pod was deleted, in ms since the epoch by the API server's clock; undefined if it was not. */
  readonly stoppedAt: number | undefined
  /** Why it cannot become ready, if Kubernetes says so: `app: ImagePullBackOff`. */
  readonly trouble: string | undefined
  /** Its owner, as far as the pod object tells. */
  readonly owner: Owner | undefined
  readonly sidecar: Sidecar | undefined
}

export interface Owner {
  readonly kind: string
  readonly name: string
}

export interface Sidecar {
  readonly container: string
  /** The tag of its image, if it has one. */
  readonly tag: string | undefined
  /** Where `/status` is answered, or why nobody outside of the pod can ask. */
  readonly admin: { readonly port: number } | { readonly why: string }
  readonly state: SidecarState
}

/** `ended`: how the process ended, with its termination message, the verdict line. */
export type SidecarState =
  | { readonly kind: 'running' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'ended'; readonly exitCode: number; readonly why: string; readonly message: string }

/** Reads a pod; undefined if the object is not a pod. */
export function readPod(object: unknown): Pod | undefined {
  const pod = branch(object as Tree)
  const { metadata, spec, status } = pod
  const name = text(at(metadata, 'name'))
  if (pod['kind'] !== 'Pod' || name === undefined) return undefined
  const container = sidecarOf(branch(spec))
  const all = containerStatuses(status)
  const deletion = Date.parse(text(at(metadata, 'deletionTimestamp')) ?? '')
  const graceMs = 1000 * (number(at(metadata, 'deletionGracePeriodSeconds')) ?? 0)
  return {
    namespace: text(at(metadata, 'namespace')) ?? 'default',
    name,
    uid: text(at(metadata, 'uid')) ?? name,
    ready: isReady(status),
    finished: ['Succeeded', 'Failed'].includes(text(at(status, 'phase')) ?? ''),
    // The timestamp is the end of the grace period, not the moment of the deletion.
    stoppedAt: Number.isNaN(deletion) ? undefined : deletion - graceMs,
    trouble: troubleOf(status, all),
    owner: ownerOf(metadata),
    sidecar: container === undefined ? undefined : readSidecar(container, all),
  }
}

function readSidecar(container: Container, statuses: readonly Tree[]): Sidecar {
  const status = statuses.find((one) => at(one, 'name') === container.name)
  // A digest names no version.
  const image = (text(container.value['image']) ?? '').replace(/@.*$/s, '')
  return {
    container: container.name,
    tag: /:([^:/]+)$/.exec(image)?.[1],
    admin: adminOf(container),
    state: stateOf(branch(at(status, 'state'))),
  }
}

/** The port of its --admin. The API server calls the pod at its address, so one on loopback is out of its reach. */
function adminOf(container: Container): Sidecar['admin'] {
  const outcome = configOf(container)
  if (outcome.kind === 'config') {
    const { host, port } = outcome.config.admin
    return host !== undefined && /^(127\.|::1$|localhost$)/.test(host)
      ? { why: `its --admin listens on ${host} only: use kubectl port-forward and lastcall status` }
      : { port }
  }
  // An option of a later version, or a value from elsewhere: the port can still be read.
  const said = argumentsOf(container).join(' ')
  const [, port] = /--admin[= ](?:\S*:)?(\d+)\b/.exec(said) ?? []
  return { port: port === undefined ? DEFAULT_ADMIN_PORT : Number(port) }
}

const DEFAULT_ADMIN_PORT = 9099

function stateOf(state: Branch): SidecarState {
  const { waiting, terminated } = state
  if (terminated !== undefined)
    return {
      kind: 'ended',
      exitCode: number(at(terminated, 'exitCode')) ?? -1,
      why: text(at(terminated, 'reason')) ?? '',
      message: plain(text(at(terminated, 'message')) ?? ''),
    }
  if (state['running'] !== undefined) return { kind: 'running' }
  return { kind: 'waiting', why: text(at(waiting, 'reason')) ?? 'not started yet' }
}

/** Reasons of waiting that are a part of every start. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing'])

function troubleOf(status: Tree | undefined, statuses: readonly Tree[]): string | undefined {
  for (const one of statuses) {
    const reason = text(at(one, 'state', 'waiting', 'reason'))
    if (reason !== undefined && !STARTING.has(reason)) return `${text(at(one, 'name')) ?? ''}: ${reason}`
  }
  const scheduled = list(at(status, 'conditions')).find((one) => at(one, 'type') === 'PodScheduled')
  return at(scheduled, 'status') === 'False' ? text(at(scheduled, 'reason')) : undefined
}

/** The controller; of a Deployment's ReplicaSet the Deployment, whose name is the ReplicaSet's without the hash. */
function ownerOf(metadata: Tree | undefined): Owner | undefined {
  const owner = list(at(metadata, 'ownerReferences')).find((one) => at(one, 'controller') === true)
  const kind = text(at(owner, 'kind'))
  const name = text(at(owner, 'name'))
  if (kind === undefined || name === undefined) return undefined
  const labels = branch(at(metadata, 'labels'))
  for (const [label, above] of REPLICA_SET_LABELS) {
    const hash = text(labels[label])
    if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`))
      return { kind: above, name: name.slice(0, -hash.length - 1) }
  }
  return { kind, name }
}

const REPLICA_SET_LABELS = [
  ['rollouts-pod-template-hash', 'Rollout'],
  ['pod-template-hash', 'Deployment'],
] as const
