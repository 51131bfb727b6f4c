/** The Services of a workload, and the ports of its pods that they target. Pure. */
import { at, branch, list, number, text, type Tree } from './tree.ts'
import { namedPort, ofKind, selects, SET_BY_CONTROLLERS, type Place, type Workload } from './workload.ts'

const SERVICES = new WeakMap<readonly Place[], ReadonlyMap<string, readonly Place[]>>()

/** The Services of a list of objects, by one label of their selector. Computed once per list. */
function servicesByLabel(places: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  const known = SERVICES.get(places)
  if (known !== undefined) return known
  const made = Map.groupBy(ofKind(places, 'Service'), ({ item }) => {
    const labels = Object.entries(branch(at(item.value, 'spec', 'selector')))
    const first = labels.find(([key]) => !SET_BY_CONTROLLERS.has(key)) ?? labels[0]
    return JSON.stringify(first)
  })
  SERVICES.set(places, made)
  return made
}

/** The Services among the objects that select a workload. */
export function servicesOf(places: readonly Place[], workload: Workload): Place[] {
  const byLabel = servicesByLabel(places)
  return Object.entries(workload.labels).flatMap((label) =>
    (byLabel.get(JSON.stringify(label)) ?? []).filter((service) => sendsTo(service, workload)),
  )
}

/** Whether an object is a Service that selects a workload. */
export function sendsTo(service: Place, workload: Workload): boolean {
  const { value } = service.item
  return value['kind'] === 'Service' && selects(service, at(value, 'spec', 'selector'), workload)
}

/**
 * The TCP ports of a Service, and the port of the pod that each targets (undefined: a name that no container has). A UDP
 * port with the same number is a different port: HTTP/3 uses one beside each TCP port.
 */
export function servicePorts(service: Place, workload: Workload): ServicePort[] {
  return list(at(service.item.value, 'spec', 'ports')).flatMap((port, index) => {
    if ((at(port, 'protocol') ?? 'TCP') !== 'TCP') return []
    const target = at(port, 'targetPort') ?? at(port, 'port') ?? null
    const found = typeof target === 'string' ? namedPort(workload, target)?.number : number(target)
    return [{ index, port: number(at(port, 'port')), name: text(at(port, 'name')), target, number: found }]
  })
}

export interface ServicePort {
  readonly index: number
  /** The Service's own port, to which clients connect. */
  readonly port: number | undefined
  readonly name: string | undefined
  readonly target: Tree
  readonly number: number | undefined
}
