/** Rules about objects that name ports of a pod: policies, headless Services, monitors, routes. */
import { directServices } from '../headless.ts'
import { forOperators } from '../names.ts'
import { allowedPorts, lets, otherPolicies } from '../policies.ts'
import type { Judged, Rule, Site } from '../rule.ts'
import { routeBackends } from '../routes.ts'
import { means } from '../selector.ts'
import { at, list, text } from '../tree.ts'
import { servicePorts } from '../services-of.ts'
import { namedPort, ofKind, portsOf } from '../workload.ts'

interface Fronted {
  readonly judged: Judged
  readonly appPort: number
  readonly listenPort: number
}

/** Workloads whose lastcall listens on another port than the app. */
function fronted(workloads: readonly Judged[]): Fronted[] {
  return workloads.flatMap((judged) => {
    const ports = judged.config?.ports ?? []
    return ports.flatMap(({ app, listen }) =>
      app.kind !== 'tcp' || app.port === listen.port
        ? []
        : [{ judged, appPort: app.port, listenPort: listen.port }],
    )
  })
}

export const AROUND_RULES: readonly Rule[] = [
  {
    id: 'network-policy-blocks',
    severity: 'error',
    title: "A NetworkPolicy allows the app's port but not lastcall's",
    requests:
      'Services send to lastcall, and the policy drops what they send: clients wait until they time out.',
    fix: "Add lastcall's port to the policy (lastcall inject does so when the policy is in its input).",
    find: ({ places, workloads }) =>
      fronted(workloads).flatMap(({ judged: { workload, app, sidecar }, appPort, listenPort }) => {
        const named = (container: typeof app, port: number) =>
          (container === undefined ? [] : portsOf(container)).flatMap(({ number, name }) =>
            number === port ? (name ?? []) : [],
          )
        const all = allowedPorts(places, workload)
        const lastcalls = named(sidecar, listenPort)
        if (all.some(({ ports }) => ports.some((one) => lets(one, listenPort, lastcalls)))) return []
        return all
          .filter(({ ports }) => ports.some((one) => lets(one, appPort, named(app, appPort))))
          .map(({ place, path }): Site => ({
            place,
            path,
            saw: `it allows port ${appPort} of ${workload.title}, but not port ${listenPort}`,
          }))
      }),
  },
  {
    id: 'policy-names-app-port',
    severity: 'error',
    title: "A policy names the app's port, but requests arrive at lastcall's",
    requests:
      "The policy does not match requests that arrive at lastcall's port: they are refused, or not protected.",
    fix: "Name lastcall's port in the policy; name both while old pods are still running.",
    find: ({ places, workloads }) =>
      fronted(workloads).flatMap(({ judged: { workload }, appPort, listenPort }) =>
        otherPolicies(places, workload).flatMap(({ place, names }) => {
          const path = names(appPort)
          if (path === undefined || names(listenPort) !== undefined) return []
          return [
            {
              place,
              path,
              saw: `it names port ${appPort}, but lastcall of ${workload.title} listens on port ${listenPort}`,
            },
          ]
        }),
      ),
  },
  {
    id: 'headless-bypasses-sidecar',
    severity: 'error',
    title: 'Clients of a headless Service bypass lastcall',
    requests:
      "The name of the Service resolves to the addresses of the pods, and clients connect to the app's port directly: lastcall does not see their requests, and the app is stopped in the middle of them.",
    fix: "Let lastcall listen on the app's port and move the app to another port or to loopback, or give the Service a cluster IP (remove clusterIP: None).",
    find: ({ workloads }) =>
      fronted(workloads).flatMap(({ judged: { workload, services }, appPort, listenPort }) =>
        directServices(workload, services, appPort, listenPort).map(({ place, index }) => ({
          place,
          path: ['spec', 'ports', index, 'port'],
          saw: `its clients connect to port ${appPort} of the pods of ${workload.title}, but lastcall listens on port ${listenPort}`,
        })),
      ),
  },
  {
    id: 'service-port-beside',
    severity: 'warning',
    title: 'Another port of a Service bypasses lastcall',
    requests:
      'lastcall neither sees nor waits for what is in flight on that port: it is cut when the app stops.',
    fix: 'Put lastcall in front of that port as well: run inject, or set --port LISTEN=PORT for each port (k8s/examples/two-ports.yaml); or remove the port from the Service.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, config, app, services }) => {
        if (config?.app.kind !== 'tcp' || app === undefined) return []
        const fronts = config.ports.flatMap((one) => [
          one.listen.port,
          ...(one.app.kind === 'tcp' ? [one.app.port] : []),
        ])
        const known = new Set([...fronts, config.admin.port])
        return services.flatMap((place) =>
          servicePorts(place, workload).flatMap(({ index, number, name }): Site[] => {
            const own = portsOf(app).find((one) => one.number === number)
            if (number === undefined || known.has(number) || forOperators(name) || forOperators(own?.name))
              return []
            return [
              {
                place,
                path: ['spec', 'ports', index],
                saw: `it leads to port ${number} of ${workload.title}`,
              },
            ]
          }),
        )
      }),
  },
  {
    id: 'monitor-port-nowhere',
    severity: 'warning',
    title: 'A PodMonitor names a port that no container has',
    requests: 'No request is lost, but the pods are not scraped.',
    fix: 'Use a name from the ports of the container. (If lastcall has taken the name over, it relays the scrapes.)',
    find: ({ places, workloads }) =>
      ofKind(places, 'PodMonitor').flatMap((place) => {
        const spec = place.item.value['spec']
        const meant = workloads.filter(({ workload }) => means(place, at(spec, 'selector'), workload))
        // Of other namespaces, or of pods that are not in the input.
        if (meant.length === 0 || at(spec, 'namespaceSelector') !== undefined) return []
        return list(at(spec, 'podMetricsEndpoints')).flatMap((endpoint, i): Site[] => {
          const name = text(at(endpoint, 'port'))
          if (name === undefined || meant.some(({ workload }) => namedPort(workload, name) !== undefined))
            return []
          const saw = `no container of ${meant[0]!.workload.title} has a port named ${JSON.stringify(name)}`
          return [{ place, path: ['spec', 'podMetricsEndpoints', i, 'port'], saw }]
        })
      }),
  },
  {
    id: 'route-port-nowhere',
    severity: 'error',
    title: 'A route names a port that its Service does not have',
    requests: 'The gateway or the ingress controller has no backend for these requests and answers 503.',
    fix: 'Use a port of the Service, by number or name, not the port of the pod.',
    find: ({ places }) =>
      [...routeBackends(places).values()].flat().flatMap(({ place, path, service, port }) => {
        const ports = list(at(service.item.value, 'spec', 'ports'))
        const there = ports.some((one) => at(one, typeof port === 'string' ? 'name' : 'port') === port)
        if (there || at(service.item.value, 'spec', 'type') === 'ExternalName') return []
        const name = text(at(service.item.value, 'metadata', 'name')) ?? ''
        const all = ports.map((one) =>
          [at(one, 'port'), at(one, 'name')]
            .filter(Boolean)
            .map((said) => JSON.stringify(said))
            .join(' '),
        )
        return [
          {
            place,
            path,
            saw: `Service ${name} has no port ${JSON.stringify(port)}; it has ${all.join(', ') || 'none'}`,
          },
        ]
      }),
  },
]
