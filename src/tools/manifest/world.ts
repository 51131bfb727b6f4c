/** Prepares all objects of all inputs for the rules. Pure. */
import { appPortsIn, configIn } from './settings.ts'
import type { Judged, World } from './rule.ts'
import { at, number, text } from './tree.ts'
import { forOperators } from './names.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { appsOf, portsOf, workloadOf, type Place, type Workload } from './workload.ts'
import { probedPort, listenPort } from './app.ts'

const DEFAULT_GRACE_SECONDS = 30

/** The objects with the facts that rules need; `ids` are the ids of all rules. */
export function worldOf(places: readonly Place[], ids: readonly string[]): World {
  const workloads = places.flatMap((place) => workloadOf(place) ?? [])
  return { places, ids, workloads: workloads.map((workload) => judged(workload, places)) }
}

function judged(workload: Workload, places: readonly Place[]): Judged {
  const { sidecar } = workload
  const services = servicesOf(places, workload)
  const apps = appsOf(workload)
  const app = sidecar === undefined ? undefined : appBehind(workload)
  return {
    workload,
    sidecar,
    config: configIn(sidecar),
    apps,
    app,
    services,
    graceMs: 1000 * (number(workload.spec['terminationGracePeriodSeconds']) ?? DEFAULT_GRACE_SECONDS),
    serves: sidecar !== undefined || servesClients(workload, services),
  }
}

/** Whether a workload has a port for clients, not only for metrics or health checks. */
function servesClients(workload: Workload, services: readonly Place[]): boolean {
  const declared = appsOf(workload).flatMap(portsOf)
  const operators = new Set(declared.filter(({ name }) => forOperators(name)).map(({ number: port }) => port))
  const served = services
    .filter(({ item }) => !forOperators(text(at(item.value, 'metadata', 'name'))))
    .flatMap((service) => servicePorts(service, workload))
  return (
    served.some(({ name, number: port }) => !forOperators(name) && !operators.has(port ?? 0)) ||
    declared.some(({ name }) => !forOperators(name))
  )
}

/** The container that listens on the port of lastcall's --app; if there is only one container, that one. */
function appBehind(workload: Workload) {
  const apps = appsOf(workload)
  const [port] = appPortsIn(workload.sidecar)
  return (
    apps.find((one) => portsOf(one).some((own) => own.number === port)) ??
    (apps.length === 1
      ? apps[0]
      : apps.find((one) => listenPort(one) === port || probedPort(one) === port)) ??
    apps.find((one) => 'preStop' in ((one.value['lifecycle'] ?? {}) as object))
  )
}
