/**
 * Other objects of the input that name the app's port, if lastcall gets another one: obstacles, and remarks for the
 * user. (If lastcall listens on the app's port, there are none.) Pure.
 */
import type { App } from './app.ts'
import { optsOut } from './given.ts'
import { directServices } from './headless.ts'
import { forOperators } from './names.ts'
import { otherPolicies } from './policies.ts'
import { at, text } from './tree.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { type Place, type Workload } from './workload.ts'

/** Sentences that continue `Deployment web ...`, and say what to do. */
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
      `is behind the headless ${titleOf(place)}, whose clients connect directly to port ${app.port} of the pods: ` +
      `they would bypass lastcall. Let the app listen on loopback (--bind-env NAME or --bind-arg FLAG), so that ` +
      `lastcall gets port ${app.port}; or give the Service a cluster IP (remove clusterIP: None); or, if only the ` +
      `pods use it to find each other, add the annotation lastcall.dev/inject: "false" to it`,
  )
  const policies = otherPolicies(places, workload)
    .filter(({ names }) => names(app.port) !== undefined && names(listenPort) === undefined)
    .map(
      ({ title }) =>
        `is subject to ${title}, which names port ${app.port} but not lastcall's port ${listenPort}: add that port there first`,
    )
  return [...direct, ...policies]
}

/** Remarks about ports of Services that bypass lastcall: it neither sees requests there nor waits for them. */
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
          `port ${port} of ${titleOf(service)} leads to ${number} and bypasses lastcall, which does not wait for requests there`,
      ),
  )
}

function titleOf({ item }: Place): string {
  return `${text(item.value['kind']) ?? ''} ${text(at(item.value, 'metadata', 'name')) ?? ''}`
}
