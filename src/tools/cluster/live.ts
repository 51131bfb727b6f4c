/** Objects as they are in the cluster: their names for people and for kubectl, and those that a workload is judged by. */
import { at, branch, list, text, type Branch, type Tree } from '../manifest/tree.ts'
import { failure, reasonOf, type Kubectl } from './kubectl.ts'

/** As the API server has it, without its status. */
export type Live = Branch

export interface Surroundings {
  readonly workload: Live
  /** Everything in its namespace that tells what leads to its pods. */
  readonly others: readonly Live[]
  /** Sentences about what could not be read. */
  readonly unread: readonly string[]
}

const KINDS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])
/** The others of the namespace. Services decide where requests go: without them nothing can be planned. */
const NEEDED = ['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'services']
const POLICIES = ['networkpolicies.networking.k8s.io']
/** Policies of meshes and network plugins, where the cluster has them. */
const OPTIONAL = [
  'authorizationpolicies.security.istio.io',
  'peerauthentications.security.istio.io',
  'servers.policy.linkerd.io',
  'ciliumnetworkpolicies.cilium.io',
]

/** `Deployment web`, for sentences. */
export function titleOf(object: Live): string {
  return `${kindOf(object)} ${nameOf(object)}`
}

export function kindOf(object: Live): string {
  return text(object['kind']) ?? ''
}

export function nameOf(object: Live): string {
  return text(at(object, 'metadata', 'name')) ?? ''
}

/** `deployment.apps/web`, for kubectl. */
export function referenceOf(object: Live): string {
  const [group, version] = (text(object['apiVersion']) ?? '').split('/')
  const kind = kindOf(object).toLowerCase()
  return `${kind}${version === undefined ? '' : `.${group}`}/${nameOf(object)}`
}

/** The selector of its pods, for `-l`. */
export function selectorOf(workload: Live): string {
  const selector = at(workload, 'spec', 'selector')
  const more = list(at(selector, 'matchExpressions')).map((one) => {
    const key = text(at(one, 'key')) ?? ''
    const values = list(at(one, 'values')).map(String).join(',')
    const operators: Readonly<Record<string, string>> = {
      In: `${key} in (${values})`,
      NotIn: `${key} notin (${values})`,
      Exists: key,
      DoesNotExist: `!${key}`,
    }
    return operators[text(at(one, 'operator')) ?? ''] ?? key
  })
  return [...labelsOf(at(selector, 'matchLabels')), ...more].join(',')
}

/** A map of labels, for `-l`. */
export function labelsOf(map: Tree | undefined): string[] {
  return Object.entries(branch(map)).map(([key, value]) => `${key}=${text(value) ?? ''}`)
}

/** The workload that `target` (TYPE/NAME) names, as it is now. Rejects if it is none that lastcall can be put into. */
export async function readWorkload(kubectl: Kubectl, target: string, signal?: AbortSignal): Promise<Live> {
  const object = trimmed(await kubectl.json<Live>(['get', target], signal === undefined ? {} : { signal }))
  const kind = kindOf(object)
  if (!KINDS.has(kind))
    throw failure(
      'other',
      `${target} is a ${kind}: only a Deployment, StatefulSet or DaemonSet can be changed while it runs.\n` +
        'For others, put lastcall into the manifest with lastcall inject, and apply that.',
    )
  const owner = list(at(object, 'metadata', 'ownerReferences')).find((one) => at(one, 'controller') === true)
  if (owner !== undefined)
    throw failure(
      'other',
      `${titleOf(object)} belongs to ${text(at(owner, 'kind')) ?? ''} ${text(at(owner, 'name')) ?? ''}, which would undo the change: use that one.`,
    )
  return object
}

/** The workload with all that is about its pods. Rejects as `readWorkload` does, or if it may not be read. */
export async function readSurroundings(
  kubectl: Kubectl,
  target: string,
  signal: AbortSignal,
): Promise<Surroundings> {
  const workload = await readWorkload(kubectl, target, signal)
  const listing = ['api-resources', '--namespaced', '--verbs=list', '-o', 'name']
  const resources = await kubectl.run(listing, { signal }).catch(partly)
  const known = new Set(resources?.split('\n'))
  const optional = OPTIONAL.filter((one) => known.has(one))
  const unread =
    resources === undefined ? ['not all APIs of the cluster answer: policies of a mesh were not checked'] : []
  const others = await listed(kubectl, NEEDED, signal)
  for (const kind of [...POLICIES, ...optional])
    try {
      others.push(...(await listed(kubectl, [kind], signal)))
    } catch (error) {
      if (reasonOf(error) !== 'forbidden') throw error
      unread.push(`you may not list ${kind}: if one names the app's port, it must name lastcall's as well`)
    }
  const own = referenceOf(workload)
  return { workload, others: others.filter((one) => referenceOf(one) !== own), unread }
}

/** An extension server that does not answer keeps kubectl from listing what the others have. */
function partly(error: unknown): undefined {
  if (reasonOf(error) !== 'other') throw error
}

async function listed(kubectl: Kubectl, kinds: readonly string[], signal: AbortSignal): Promise<Live[]> {
  const { items } = await kubectl.json<{ items: readonly Live[] }>(['get', kinds.join(',')], { signal })
  return items.map(trimmed)
}

/** Without what the API server keeps for itself. */
export function trimmed(object: Live): Live {
  const { status: _, metadata, ...rest } = object
  const { managedFields: __, ...own } = branch(metadata)
  return { ...rest, metadata: own }
}

/** The minor version of the server, of 1.MINOR. */
export async function serverMinor(kubectl: Kubectl, signal: AbortSignal): Promise<number> {
  const { serverVersion } = await kubectl.json<{ serverVersion?: { minor?: string } }>(['version'], {
    signal,
  })
  const minor = Number.parseInt(serverVersion?.minor ?? '', 10)
  if (Number.isNaN(minor))
    throw failure('other', 'the server does not report its version: add --mode native or --mode plain')
  return minor
}
