/**
 * Policies that name ports of a pod, and so may allow the app's port but not lastcall's: the NetworkPolicy of
 * Kubernetes, which inject changes, and those of meshes and Cilium, which inject does not change. Pure.
 */
import type { App } from './app.ts'
import { created, remember } from './before.ts'
import type { Edits } from './edits.ts'
import type { Front } from './fronts.ts'
import type { ObjectChanges } from './rewrite.ts'
import { means } from './selector.ts'
import { at, branch, list, text, type Path, type Tree } from './tree.ts'
import { ofKind, portsOf, type Place, type Workload } from './workload.ts'

/** The list of ports of an ingress rule of a NetworkPolicy. */
export interface AllowedPorts {
  readonly place: Place
  readonly path: Path
  readonly ports: readonly Tree[]
}

/** The lists of ports in the NetworkPolicies for a workload. Rules without a list allow all ports, and are left out. */
export function allowedPorts(places: readonly Place[], workload: Workload): AllowedPorts[] {
  return policiesFor(places, workload).flatMap((place) =>
    list(at(place.item.value, 'spec', 'ingress')).flatMap((rule, i) => {
      const ports = list(at(rule, 'ports'))
      return ports.length === 0 ? [] : [{ place, path: ['spec', 'ingress', i, 'ports'], ports }]
    }),
  )
}

/** The NetworkPolicies of the input that select the pods of a workload and restrict ingress. */
function policiesFor(places: readonly Place[], workload: Workload): Place[] {
  return ofKind(places, 'NetworkPolicy').filter((place) => {
    const { value } = place.item
    const types = at(value, 'spec', 'policyTypes')
    return (
      text(value['apiVersion'])?.startsWith('networking.k8s.io/') === true &&
      (types === undefined || list(types).includes('Ingress')) &&
      means(place, at(value, 'spec', 'podSelector'), workload)
    )
  })
}

/** Whether an entry of such a list allows a TCP port; `names` are the names of the pod's ports with that number. */
export function lets(entry: Tree, port: number, names: readonly string[]): boolean {
  if ((at(entry, 'protocol') ?? 'TCP') !== 'TCP') return false
  const from = at(entry, 'port')
  if (from === undefined) return true
  if (typeof from === 'string') return names.includes(from)
  const to = at(entry, 'endPort') ?? from
  return typeof from === 'number' && typeof to === 'number' && from <= port && port <= to
}

/** Adds lastcall's port to every list of a NetworkPolicy that allows the app's, separately for each port of the app. */
export function opened(
  workload: Workload,
  places: readonly Place[],
  fronts: readonly Front[],
): (Place & ObjectChanges)[] {
  const edits = new Map<Place, Edits>()
  for (const { place, path, ports } of allowedPorts(places, workload)) {
    let { length } = ports
    for (const { app, listenPort } of fronts) {
      const app0 = ports.some((entry) => lets(entry, app.port, namesOf(app)))
      // The list may already allow lastcall's port by the name that has moved, but not every network plugin resolves it.
      if (!app0 || ports.some((entry) => lets(entry, listenPort, []))) continue
      const own = edits.get(place) ?? { changes: [], before: {} }
      edits.set(place, own)
      created(place, own.before, [...path, length])
      length += 1
      own.changes.push({
        kind: 'insert',
        path: [...path, ports.length],
        value: { protocol: 'TCP', port: listenPort },
        notes: { protocol: `The port of lastcall, in front of the app's port ${app.port}.` },
      })
    }
  }
  return [...edits].map(([place, own]) => ({
    input: place.input,
    item: place.item,
    changes: [...own.changes, ...remember(place, own.before)],
  }))
}

function namesOf({ container, port }: App): string[] {
  return portsOf(container).flatMap(({ number, name }) => (number === port ? (name ?? []) : []))
}

/** A policy of another kind, and the ports that it names. */
export interface OtherPolicy {
  readonly place: Place
  readonly title: string
  readonly names: (port: number) => Path | undefined
}

/** Policies that inject does not change, for the pods of a workload. */
export function otherPolicies(places: readonly Place[], workload: Workload): OtherPolicy[] {
  return Object.entries(OTHERS).flatMap(([kind, find]) =>
    ofKind(places, kind).flatMap((place) => {
      const { value } = place.item
      const names = find(value, place, workload)
      const title = `${kind} ${text(at(value, 'metadata', 'name')) ?? ''}`
      return names === undefined ? [] : [{ place, title, names }]
    }),
  )
}

type Find = (
  value: Place['item']['value'],
  place: Place,
  workload: Workload,
) => OtherPolicy['names'] | undefined

/** Sources: the references of these kinds (istio.io, linkerd.io, docs.cilium.io). */
const OTHERS: Readonly<Record<string, Find>> = {
  // spec.rules[].to[].operation.ports: texts.
  AuthorizationPolicy: (value, place, workload) => {
    if (!means(place, at(value, 'spec', 'selector'), workload) || at(value, 'spec', 'selector') === undefined)
      return undefined
    return (port) =>
      listed(value, ['spec', 'rules'], 'to', (to) =>
        list(at(to, 'operation', 'ports')).includes(String(port)),
      )
  },
  // spec.portLevelMtls: keys.
  PeerAuthentication: (value, place, workload) => {
    if (!means(place, at(value, 'spec', 'selector'), workload)) return undefined
    return (port) =>
      String(port) in branch(at(value, 'spec', 'portLevelMtls'))
        ? ['spec', 'portLevelMtls', String(port)]
        : undefined
  },
  // Linkerd's: spec.podSelector, spec.port: a number, or a name that the pod's ports have.
  Server: (value, place, workload) => {
    if (
      at(value, 'spec', 'podSelector') === undefined ||
      !means(place, at(value, 'spec', 'podSelector'), workload)
    )
      return undefined
    return (port) => (at(value, 'spec', 'port') === port ? ['spec', 'port'] : undefined)
  },
  // spec.ingress[].toPorts[].ports[].port: texts.
  CiliumNetworkPolicy: (value, place, workload) => {
    if (!means(place, at(value, 'spec', 'endpointSelector'), workload)) return undefined
    return (port) =>
      listed(value, ['spec', 'ingress'], 'toPorts', (to) =>
        list(at(to, 'ports')).some((one) => at(one, 'port') === String(port)),
      )
  },
}

/** The path of the first item of `value[path][i][key]` for which `holds` returns true. */
function listed(value: Tree, path: Path, key: string, holds: (item: Tree) => boolean): Path | undefined {
  for (const [i, rule] of list(at(value, ...path)).entries()) {
    const j = list(at(rule, key)).findIndex(holds)
    if (j !== -1) return [...path, i, key, j]
  }
  return undefined
}
