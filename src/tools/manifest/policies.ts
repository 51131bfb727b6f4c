/**
 * Policies that name ports of a pod, and so let requests to the app's port in and those to lastcall's not: Kubernetes'
 * NetworkPolicy, which inject changes, and those of meshes and of Cilium, which it does not. Pure.
 */
import type { App } from './app.ts'
import { created, remember } from './before.ts'
import type { Edits } from './edits.ts'
import type { Front } from './fronts.ts'
import type { ObjectChanges } from './rewrite.ts'
import { means } from './selector.ts'
import { at, branch, list, text, type Path, type Tree } from './tree.ts'
import { ofKind, portsOf, type Place, type Workload } from './workload.ts'

/** A list of ports of a NetworkPolicy's rule for requests that come in. */
export interface AllowedPorts {
  readonly place: Place
  readonly path: Path
  readonly ports: readonly Tree[]
}

/** The lists of ports in the NetworkPolicies for a workload. A rule without one lets all ports in: it is not here. */
export function allowedPorts(places: readonly Place[], workload: Workload): AllowedPorts[] {
  return policiesFor(places, workload).flatMap((place) =>
    list(at(place.item.value, 'spec', 'ingress')).flatMap((rule, i) => {
      const ports = list(at(rule, 'ports'))
      return ports.length === 0 ? [] : [{ place, path: ['spec', 'ingress', i, 'ports'], ports }]
    }),
  )
}

/** The NetworkPolicies of the input for the pods of a workload, as far as they are about what comes in. */
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

/** Whether one entry of such a list lets a TCP port in; `names` are those of the pod's ports with that number. */
export function lets(entry: Tree, port: number, names: readonly string[]): boolean {
  if ((at(entry, 'protocol') ?? 'TCP') !== 'TCP') return false
  const from = at(entry, 'port')
  if (from === undefined) return true
  if (typeof from === 'string') return names.includes(from)
  const to = at(entry, 'endPort') ?? from
  return typeof from === 'number' && typeof to === 'number' && from <= port && port <= to
}

/** Adds lastcall's port to every list of a NetworkPolicy that has the app's; each port of the app for itself. */
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
      // By its name the port may have gone over to lastcall already; not every network plugin finds it there.
      if (!app0 || ports.some((entry) => lets(entry, listenPort, []))) continue
      const own = edits.get(place) ?? { changes: [], before: {} }
      edits.set(place, own)
      created(place, own.before, [...path, length])
      length += 1
      own.changes.push({
        kind: 'insert',
        path: [...path, ports.length],
        value: { protocol: 'TCP', port: listenPort },
        notes: { protocol: `lastcall's, in front of the app's ${app.port}.` },
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

/** The path of the first item of `value[path][i][key]` for which it holds. */
function listed(value: Tree, path: Path, key: string, holds: (item: Tree) => boolean): Path | undefined {
  for (const [i, rule] of list(at(value, ...path)).entries()) {
    const j = list(at(rule, key)).findIndex(holds)
    if (j !== -1) return [...path, i, key, j]
  }
  return undefined
}
