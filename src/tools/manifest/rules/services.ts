/** Rules about Services: requests must go through lastcall, and the admin port must not be exposed. */
import { suggest } from '../../../proxy/config/suggest.ts'
import { isHeadless } from '../headless.ts'
import { preStopOf } from '../hook.ts'
import { appPortsIn } from '../settings.ts'
import { sharesPort } from '../settings.ts'
import type { Judged, Rule, Site } from '../rule.ts'
import { at, branch, list, text, type Branch } from '../tree.ts'
import { servicePorts, type ServicePort } from '../services-of.ts'
import { namespaceOf, portsOf, together, type Place } from '../workload.ts'

/** A site for each port of a Service of a workload for which `saw` returns a sentence. */
function portSites(judged: Judged, saw: (port: ServicePort, service: Place) => string | undefined): Site[] {
  return judged.services.flatMap((place) =>
    servicePorts(place, judged.workload).flatMap((port) => {
      const said = saw(port, place)
      return said === undefined
        ? []
        : [{ place, path: ['spec', 'ports', port.index, 'targetPort'], saw: said }]
    }),
  )
}

/**
 * Whether a Service that selects no pods was meant for this workload: it has the same name, or its labels except for a
 * typo, or no Service sends to it and it has a port that the Service targets.
 */
function meant(service: Place, { workload, services }: Judged): boolean {
  const wanted = Object.entries(branch(at(service.item.value, 'spec', 'selector')))
  if (!together(namespaceOf(service), workload.namespace)) return false
  const differ = wanted.filter(([key, value]) => workload.labels[key] !== value)
  const [key, value] = differ[0] ?? ['', '']
  const own = text(workload.labels[key])
  const slip = own !== undefined && suggest(text(value) ?? '', [own]) !== undefined
  const declared = workload.containers.flatMap(portsOf)
  const ports = list(at(service.item.value, 'spec', 'ports'))
  const wants = new Set(ports.map((port) => at(port, 'targetPort') ?? at(port, 'port')))
  const fits = declared.some((port) => wants.has(port.number) || wants.has(port.name))
  if (services.length === 0 && fits) return true
  return (differ.length === 1 && slip) || text(at(service.item.value, 'metadata', 'name')) === workload.name
}

function printLabels(labels: Branch): string {
  const said = Object.entries(labels).map(([key, value]) => `${key}=${text(value) ?? JSON.stringify(value)}`)
  return said.join(',') || 'none'
}

/** Why a pod that stops serves no requests: it is not ready, or it exits at once. */
function gone({ workload, config, sidecar, apps }: Judged): string[] {
  if (sidecar !== undefined)
    return config?.readinessOnDrain === 'fail' ? [`${workload.title} has --readiness-on-drain fail`] : []
  const waits = apps.some((one) => !['none', 'nothing'].includes(preStopOf(one).kind))
  return waits ? [] : [`${workload.title} has no preStop that waits: its pods stop at once`]
}

/** A Service that selects one pod of a StatefulSet is for its peers. */
const ONE_POD = 'statefulset.kubernetes.io/pod-name'

/** Whether a headless Service only connects the pods with each other: a StatefulSet's own, or one beside another Service. */
function isForPeers(service: Place, { workload, services }: Judged): boolean {
  const own = workload.kind === 'StatefulSet'
  return isHeadless(service) && (own || services.some((one) => !isHeadless(one)))
}

export const SERVICE_RULES: readonly Rule[] = [
  {
    id: 'service-bypasses-sidecar',
    severity: 'error',
    title: 'A Service bypasses the sidecar',
    requests:
      'Requests reach the app directly: lastcall does not see them, ends the drain without waiting for them, and the app is stopped in the middle of them.',
    fix: "Set targetPort to lastcall's --listen port (8080), or to the name of that port.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { workload, sidecar, config } = judged
        if (sidecar === undefined || (config !== undefined && sharesPort(config))) return []
        return portSites(judged, ({ number }, service) =>
          // Clients of a headless Service ignore targetPort: see headless-bypasses-sidecar.
          !isHeadless(service) && number !== undefined && appPortsIn(workload.sidecar).includes(number)
            ? `port ${number} is the app's own`
            : undefined,
        )
      }),
  },
  {
    id: 'service-port-nowhere',
    severity: 'error',
    title: 'A Service names a port that no container has',
    requests: 'The Service has no endpoints for this port: connections to it are refused.',
    fix: "Give a port of a container that name (lastcall's container, if lastcall is in front), or write the number as targetPort.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        portSites(judged, ({ index, target, number }, service) => {
          if (number !== undefined || typeof target !== 'string') return undefined
          // A Service of several workloads may target a port that only some of them have.
          const others = workloads.filter((one) => one.services.some(({ item }) => item === service.item))
          const elsewhere = others.some(({ workload }) =>
            servicePorts(service, workload).some((port) => port.index === index && port.number !== undefined),
          )
          return elsewhere ? undefined : `no container has a port named ${JSON.stringify(target)}`
        }),
      ),
  },
  {
    id: 'service-selects-nothing',
    severity: 'warning',
    title: 'A Service selects no pods',
    requests: 'It has no endpoints: connections to it are refused.',
    fix: 'Make its selector match the labels of the pods (spec.template.metadata.labels). If their workload is in another file, give both files to check.',
    find: ({ places, workloads }) =>
      places.flatMap((place) => {
        const { value } = place.item
        const selector = at(value, 'spec', 'selector')
        if (value['kind'] !== 'Service' || Object.keys(branch(selector)).length === 0) return []
        if (workloads.some(({ services }) => services.some(({ item }) => item === place.item))) return []
        // Its pods may be in a file that was not given: only report a workload that was certainly meant.
        const near = workloads.find((one) => meant(place, one))
        const saw = `no pods have ${printLabels(branch(selector))}; the pods of ${near?.workload.title} have ${printLabels(near?.workload.labels ?? {})}`
        return near === undefined ? [] : [{ place, path: ['spec', 'selector'], saw }]
      }),
  },
  {
    id: 'admin-exposed',
    severity: 'error',
    title: 'A Service exposes the admin port',
    requests:
      'Any client of the Service can call the hooks and drain a pod, which then stops taking requests although nothing is wrong.',
    fix: 'Remove the port from the Service (metrics are scraped from the pods), or protect the hooks with --token or --hook-allow.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { config } = judged
        if (config === undefined || config.token !== undefined || config.hookAllow.length > 0) return []
        return portSites(judged, ({ number }) =>
          number === config.admin.port ? `port ${number} is lastcall's --admin` : undefined,
        )
      }),
  },
  {
    id: 'publish-not-ready',
    severity: 'error',
    title: 'A Service publishes addresses that are not ready',
    requests:
      'Pods that are starting, draining or no longer serving stay among the endpoints: requests keep arriving there and are refused.',
    fix: 'Remove publishNotReadyAddresses, or use it only on a headless Service by which peers find each other.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        judged.services.flatMap((place) =>
          at(place.item.value, 'spec', 'publishNotReadyAddresses') === true &&
          at(place.item.value, 'spec', 'selector', ONE_POD) === undefined &&
          judged.workload.kind !== 'Job' &&
          !isForPeers(place, judged)
            ? [{ place, path: ['spec', 'publishNotReadyAddresses'], saw: 'publishNotReadyAddresses is true' }]
            : [],
        ),
      ),
  },
  {
    id: 'local-traffic-policy',
    severity: 'error',
    title: 'externalTrafficPolicy is Local, and a stopping pod no longer serves',
    requests:
      'A node whose only pod is stopping has no other pod to send to. kube-proxy falls back to that pod as long as it is ready. Once its probe fails or the pod has gone, everything that the load balancer still sends to this node is dropped.',
    fix: 'Give lastcall --readiness-on-drain keep (lastcall inject --readiness-on-drain keep).',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        judged.services.flatMap((place) =>
          at(place.item.value, 'spec', 'externalTrafficPolicy') === 'Local'
            ? gone(judged).map((saw) => ({ place, path: ['spec', 'externalTrafficPolicy'], saw }))
            : [],
        ),
      ),
  },
]
