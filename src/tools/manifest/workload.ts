/**
 * Reads Kubernetes objects: which have pods, where their pod spec is, which container is lastcall, which Service targets
 * which port. Pure.
 */
import type { Input, Item } from './input.ts'
import { at, branch, isBranch, list, number, text, type Branch, type Path, type Tree } from './tree.ts'

/** An object of an input, and where it came from. */
export interface Place {
  readonly input: Input
  readonly item: Item
  /** The namespace from the command line, for objects that do not name one. */
  readonly namespace?: string | undefined
}

/** The namespace of an object; undefined if it is unknown. */
export function namespaceOf({ item, namespace }: Place): string | undefined {
  return text(at(item.value, 'metadata', 'namespace')) ?? namespace
}

const POD_PATHS: Readonly<Record<string, Path>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Rollout: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

export interface Workload extends Place {
  readonly kind: string
  readonly name: string
  readonly namespace: string | undefined
  /** For messages: `Deployment web`. */
  readonly title: string
  /** Where the pod (its metadata and spec) is in the object. */
  readonly podPath: Path
  readonly pod: Branch
  readonly spec: Branch
  readonly labels: Branch
  readonly containers: readonly Container[]
  readonly sidecar: Container | undefined
}

export interface Container {
  /** From the root of the object. */
  readonly path: Path
  readonly name: string
  readonly value: Branch
  /** A native sidecar: an init container with restartPolicy Always. */
  readonly native: boolean
}

export const SIDECAR_NAME = 'lastcall'

const WORKLOADS = new WeakMap<Place, { readonly workload: Workload | undefined }>()

/** The object as a workload; undefined if it has no pods, or a controller owns it (a ReplicaSet of a Deployment). */
export function workloadOf(place: Place): Workload | undefined {
  let known = WORKLOADS.get(place)
  if (known === undefined) WORKLOADS.set(place, (known = { workload: read(place) }))
  return known.workload
}

/**
 * Why an object with a pod template gets no lastcall, as a sentence: inject does not know its kind. Undefined for all
 * other objects.
 */
export function strangeKind({ item: { value } }: Place): string | undefined {
  const kind = text(value['kind']) ?? ''
  const foreign = kind === 'Service' || !Object.hasOwn(POD_PATHS, kind)
  if (!foreign || list(at(value, 'spec', 'template', 'spec', 'containers')).length === 0) return undefined
  const title = `${kind} ${text(at(value, 'metadata', 'name')) ?? ''}`
  return text(value['apiVersion'])?.startsWith('serving.knative.dev/') === true
    ? `${title} is left alone: it is Knative's, whose queue-proxy is in front of the app already`
    : `${title} is left alone: inject does not know this kind. Add lastcall to its pod template yourself (k8s/README.md, Manual changes)`
}

function read(place: Place): Workload | undefined {
  const { value } = place.item
  const kind = text(value['kind']) ?? ''
  const podPath = Object.hasOwn(POD_PATHS, kind) ? POD_PATHS[kind] : undefined
  const owned = list(at(value, 'metadata', 'ownerReferences')).some(
    (owner) => at(owner, 'controller') === true,
  )
  if (podPath === undefined || owned) return undefined
  const name = text(at(value, 'metadata', 'name')) ?? text(at(value, 'metadata', 'generateName')) ?? ''
  const pod = branch(at(value, ...podPath))
  const spec = branch(pod['spec'])
  const containers = containersOf(spec, podPath)
  return {
    ...place,
    kind,
    name,
    namespace: namespaceOf(place),
    title: `${kind} ${name}`,
    podPath,
    pod,
    spec,
    labels: branch(at(pod, 'metadata', 'labels')),
    containers,
    sidecar: containers.find(isSidecar),
  }
}

/** The native sidecars and the containers of a pod's spec. */
function containersOf(spec: Branch, podPath: Path): Container[] {
  return [
    ...containersAt(spec, podPath, 'initContainers').filter(({ native }) => native),
    ...containersAt(spec, podPath, 'containers'),
  ]
}

/** The container of a pod's spec that is lastcall. */
export function sidecarOf(spec: Branch): Container | undefined {
  return containersOf(spec, []).find(isSidecar)
}

function containersAt(spec: Branch, podPath: Path, key: string): Container[] {
  return list(spec[key]).map((value, i) => ({
    path: [...podPath, 'spec', key, i],
    name: text(at(value, 'name')) ?? '',
    value: branch(value),
    native: key === 'initContainers' && at(value, 'restartPolicy') === 'Always',
  }))
}

/** lastcall is recognized by its name, or by its image: `registry/lastcall:1.2`. */
function isSidecar({ name, value }: Container): boolean {
  return name === SIDECAR_NAME || /(^|\/)lastcall([:@]|$)/.test(text(value['image']) ?? '')
}

/** The containers that are neither lastcall nor another native sidecar. */
export function appsOf(workload: Workload): Container[] {
  return workload.containers.filter((one) => one !== workload.sidecar && !one.native)
}

/** Whether two objects may be in the same namespace; one without a namespace may be in any. */
export function together(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b
}

/** Labels that controllers add to pods, so that no template has them (kubernetes.io, "Well-Known Labels"; Argo Rollouts). */
export const SET_BY_CONTROLLERS = new Set([
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-revision-hash',
  'pod-template-hash',
  'rollouts-pod-template-hash',
  'job-name',
  'batch.kubernetes.io/job-name',
])

/** Whether an object's selector (a map of labels) selects the pods of a workload. */
export function selects(place: Place, selector: Tree | undefined, workload: Workload): boolean {
  if (!isBranch(selector) || Object.keys(selector).length === 0) return false
  if (!together(namespaceOf(place), workload.namespace)) return false
  return Object.entries(selector).every(
    ([key, value]) => SET_BY_CONTROLLERS.has(key) || workload.labels[key] === value,
  )
}

const KINDS = new WeakMap<readonly Place[], Map<string, Place[]>>()

/** The objects of a kind. The index is computed once per list. */
export function ofKind(places: readonly Place[], kind: string): readonly Place[] {
  const made = KINDS.get(places) ?? Map.groupBy(places, ({ item }) => text(item.value['kind']) ?? '')
  KINDS.set(places, made)
  return made.get(kind) ?? []
}

export interface ContainerPort {
  readonly container: Container
  readonly index: number
  readonly name: string | undefined
  readonly number: number
  readonly hostPort: number | undefined
}

/** The TCP ports that a container declares. */
export function portsOf(container: Container): ContainerPort[] {
  return list(container.value['ports']).flatMap((port, index) => {
    const found = number(at(port, 'containerPort'))
    if (found === undefined || (at(port, 'protocol') ?? 'TCP') !== 'TCP') return []
    return [
      {
        container,
        index,
        name: text(at(port, 'name')),
        number: found,
        hostPort: number(at(port, 'hostPort')),
      },
    ]
  })
}

/** The first port of that name in the pod, as kube-proxy's endpoints see it: containers before native sidecars. */
export function namedPort(workload: Workload, name: string): ContainerPort | undefined {
  const all = workload.containers.toSorted((a, b) => Number(a.native) - Number(b.native))
  return all.flatMap(portsOf).find((port) => port.name === name)
}

/** A port of a probe or hook of this container, which may be a name of its own ports. */
export function ownPort(container: Container, port: Tree | undefined): number | undefined {
  if (typeof port !== 'string') return number(port)
  return (
    portsOf(container).find(({ name }) => name === port)?.number ??
    (/^\d+$/.test(port) ? Number(port) : undefined)
  )
}

/** A variable of a container, if its value stands in the manifest. */
export function variable(container: Container, name: string): string | undefined {
  return text(
    at(
      list(container.value['env']).find((row) => at(row, 'name') === name),
      'value',
    ),
  )
}
