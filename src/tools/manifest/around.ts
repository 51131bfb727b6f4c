/**
 * What else in the input names the port of an app, when lastcall gets another one: what stands in the way, and what
 * the user should know. (Where lastcall listens on the same port, nothing does.) Pure.
 */
import type { App } from './app.ts'
import { optsOut } from './given.ts'
import { directServices } from './headless.ts'
import { forOperators } from './names.ts'
import { otherPolicies } from './policies.ts'
import { at, text } from './tree.ts'
import { servicePorts, servicesOf, type Place, type Workload } from './workload.ts'

/** Sentences that go on after `Deployment web ...`, and say what to do. */
export function aroundObstacles(
  workload: Workload,
  places: readonly Place[],
  app: App,
  listenPort: number,
): string[] {
  if (listenPort === app.port || workload.sidecar !== undefined) return []
  const services = servicesOf(places, workload).filter(({ item }) => !optsOut(item.value))
  const direct = directServices(workload, services, app.port, listenPort).map(
    ({ place }) =>
      `is reached by the headless ${titleOf(place)}, whose clients connect to port ${app.port} of the pods themselves: ` +
      `they would bypass lastcall. Let the app listen on loopback (--bind-env NAME or --bind-arg FLAG says how), so that ` +
      `lastcall gets port ${app.port} itself; or give the Service a cluster IP (remove clusterIP: None); or, if only the ` +
      `pods use it to find each other, give it the annotation lastcall.dev/inject: "false"`,
  )
  const policies = otherPolicies(places, workload)
    .filter(({ names }) => names(app.port) !== undefined && names(listenPort) === undefined)
    .map(
      ({ title }) =>
        `has port ${app.port} named in ${title}, which does not name lastcall's port ${listenPort}: add that port there first`,
    )
  return [...direct, ...policies]
}

/** Ports of Services that lead past lastcall: requests on them are not seen, and not waited for. */
export function besides(workload: Workload, places: readonly Place[], apps: readonly App[]): string[] {
  if (workload.sidecar !== undefined) return []
  return servicesOf(places, workload).flatMap((service) =>
    servicePorts(service, workload)
      .filter(
        ({ number, name }) =>
          number !== undefined && !apps.some((app) => app.port === number) && !forOperators(name),
      )
      .map(
        ({ port, number }) =>
          `port ${port} of ${titleOf(service)} leads to ${number}, past lastcall: what is in flight there is not waited for`,
      ),
  )
}

function titleOf({ item }: Place): string {
  return `${text(item.value['kind']) ?? ''} ${text(at(item.value, 'metadata', 'name')) ?? ''}`
}
