/**
 * Headless Services (clusterIP: None): their name has the addresses of the pods, clients choose the port themselves,
 * and targetPort means nothing to them. Pure.
 */
import { at } from './tree.ts'
import { servicePorts, type Place, type Workload } from './workload.ts'

export function isHeadless({ item }: Place): boolean {
  return at(item.value, 'spec', 'clusterIP') === 'None'
}

/**
 * The headless Services by which clients reach the app's port of the pods itself. Not those whose port is another than
 * the pods' (their clients must ask for it, by SRV records or endpoints), and not those beside which an ordinary
 * Service leads to the app or to lastcall: then only the pods use them, to find each other.
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
