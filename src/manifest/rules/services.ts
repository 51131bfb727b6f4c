/** Rules about Services: that requests come through lastcall, and only requests. */
import { appPort } from '../world.ts'
import type { Judged, Rule, Site } from '../rule.ts'
import { at } from '../tree.ts'
import { servicePorts, type Place, type ServicePort } from '../workload.ts'

/** A site for each port of a Service that sends to a workload with lastcall, of which `saw` tells something. */
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

export const SERVICE_RULES: readonly Rule[] = [
  {
    id: 'service-bypasses-sidecar',
    severity: 'error',
    title: 'A Service sends past the sidecar',
    requests:
      'Requests reach the app directly: lastcall does not see them, ends the drain without them, and the app is stopped in the middle of them.',
    fix: "Set targetPort to lastcall's --listen port (8080), or to the name of that port.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { workload, sidecar } = judged
        if (sidecar === undefined) return []
        return portSites(judged, ({ number }) =>
          number !== undefined && number === appPort(workload)
            ? `port ${number} is the app's own`
            : undefined,
        )
      }),
  },
  {
    id: 'service-port-nowhere',
    severity: 'error',
    title: 'A Service sends to a port name that no container has',
    requests: 'The Service has no endpoints for this port: connections to it are refused.',
    fix: "Name the port of lastcall's container so, or write its number as targetPort.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        portSites(judged, ({ target, number }) =>
          judged.sidecar !== undefined && number === undefined
            ? `no container has a port with the name ${JSON.stringify(target)}`
            : undefined,
        ),
      ),
  },
  {
    id: 'admin-exposed',
    severity: 'error',
    title: 'A Service exposes the admin port',
    requests:
      'Whoever reaches the Service can call the hooks and drain a pod: it stops taking requests although nothing is wrong.',
    fix: 'Remove the port from the Service (metrics are scraped from pods), or protect the hooks with --token or --hook-allow.',
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
      'Pods that start, drain or have stopped serving stay among the endpoints: requests go on coming to them and are refused.',
    fix: 'Remove publishNotReadyAddresses, or keep it to a headless Service that only peers use to find each other.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        judged.services.flatMap((place) =>
          at(place.item.value, 'spec', 'publishNotReadyAddresses') === true && judged.workload.kind !== 'Job'
            ? [{ place, path: ['spec', 'publishNotReadyAddresses'], saw: 'publishNotReadyAddresses is true' }]
            : [],
        ),
      ),
  },
  {
    id: 'local-traffic-policy',
    severity: 'error',
    title: 'externalTrafficPolicy is Local, and readiness fails with the drain',
    requests:
      'The node of a draining pod has no other: kube-proxy would fall back to the terminating one while it still serves, but a failing probe takes that away too, and what the load balancer still sends to this node is dropped.',
    fix: 'Give lastcall --readiness-on-drain keep.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        judged.services.flatMap((place) =>
          at(place.item.value, 'spec', 'externalTrafficPolicy') === 'Local' &&
          judged.config?.readinessOnDrain === 'fail'
            ? [
                {
                  place,
                  path: ['spec', 'externalTrafficPolicy'],
                  saw: `${judged.workload.title} has --readiness-on-drain fail`,
                },
              ]
            : [],
        ),
      ),
  },
]
