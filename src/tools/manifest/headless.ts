/**
 * Headless Services (clusterIP: None): their name resolves to the addresses of the pods, clients choose the port, and
 * targetPort has no effect. Pure.
 */
import { at } from './tree.ts'
import { servicePorts } from './services-of.ts'
import { type Place, type Workload } from './workload.ts'

export function isHeadless({ item }: Place): boolean {
  return at(item.value, 'spec', 'clusterIP') === 'None'
}

/**
 * The headless Services through which clients connect directly to the app's port of the pods. Not those whose port differs
 * from the pods' (their clients look the port up in SRV records or endpoints), and not those beside an ordinary Service
 * for the app or lastcall: then only the pods use them, to find each other.
 */
export function directServices(
  workload: Workload,
  services: readonly Place[],
  appPort: number,
  listenPort: number,
): { readonly place: Place; readonly index: number }[] {
  if (appPort === listenPort) return []
  const leads = services.flatMap((place) =>
    servicePorts(place, workload).flatMap((one) =>
      one.number === appPort || one.number === listenPort ? [{ place, ...one }] : [],
    ),
  )
  if (leads.some(({ place }) => !isHeadless(place))) return []
  return leads.flatMap(({ place, index, port }) => (port === appPort ? [{ place, index }] : []))
}
