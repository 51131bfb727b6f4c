/** The backends of Ingresses and of the routes of the Gateway API: which port of which Service. Pure. */
import type { Item } from './input.ts'
import { at, list, number, text, type Path, type Tree } from './tree.ts'
import { namespaceOf, ofKind, together, type Place } from './workload.ts'

export interface Backend {
  readonly place: Place
  /** Of the port. */
  readonly path: Path
  readonly service: Place
  /** As written: a port number of the Service, or a name. */
  readonly port: number | string
}

interface Named {
  readonly name: string
  readonly namespace: string | undefined
  readonly port: number | string
  readonly path: Path
}

const BACKENDS = new WeakMap<readonly Place[], Map<Item, Backend[]>>()

/** The backends of all routes that are Services of the input, by Service. Computed once per list. */
export function routeBackends(places: readonly Place[]): ReadonlyMap<Item, readonly Backend[]> {
  const made = BACKENDS.get(places) ?? Map.groupBy(backendsOf(places), ({ service }) => service.item)
  BACKENDS.set(places, made)
  return made
}

function backendsOf(places: readonly Place[]): Backend[] {
  const services = Map.groupBy(ofKind(places, 'Service'), ({ item }) =>
    text(at(item.value, 'metadata', 'name')),
  )
  const routes = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'].flatMap((kind) => ofKind(places, kind))
  const all = [
    ...ofKind(places, 'Ingress').map((place) => ({ place, named: ofIngress(place.item.value) })),
    ...routes.map((place) => ({ place, named: ofRoute(place.item.value) })),
  ]
  return all.flatMap(({ place, named }) =>
    named.flatMap(({ name, namespace, port, path }) => {
      const own = namespace ?? namespaceOf(place)
      const service = services.get(name)?.find((one) => together(namespaceOf(one), own))
      return service === undefined ? [] : [{ place, path, service, port }]
    }),
  )
}

/**
 * The port of a backend that the AWS Load Balancer Controller reads from the annotation `actions.NAME` of the Ingress; NAME
 * need not be a Service ("Ingress annotations", `alb.ingress.kubernetes.io/actions.${action-name}`).
 */
const ALB_ACTION = 'use-annotation'

function ofIngress(value: Tree): Named[] {
  const paths = list(at(value, 'spec', 'rules')).flatMap((rule, i) =>
    list(at(rule, 'http', 'paths')).map((_, j): Path => ['spec', 'rules', i, 'http', 'paths', j, 'backend']),
  )
  return [['spec', 'defaultBackend'], ...paths].flatMap((path) => {
    const service = at(value, ...path, 'service')
    const port = number(at(service, 'port', 'number')) ?? text(at(service, 'port', 'name'))
    const name = text(at(service, 'name'))
    if (port === undefined || name === undefined || port === ALB_ACTION) return []
    return [{ name, namespace: undefined, port, path: [...path, 'service', 'port'] }]
  })
}

function ofRoute(value: Tree): Named[] {
  return list(at(value, 'spec', 'rules')).flatMap((rule, i) =>
    list(at(rule, 'backendRefs')).flatMap((backend, j): Named[] => {
      const [name, port] = [text(at(backend, 'name')), number(at(backend, 'port'))]
      if ((at(backend, 'kind') ?? 'Service') !== 'Service' || name === undefined || port === undefined)
        return []
      const path = ['spec', 'rules', i, 'backendRefs', j, 'port']
      return [{ name, namespace: text(at(backend, 'namespace')), port, path }]
    }),
  )
}
