/** Rules about the ports of a pod: named ports must exist, and lastcall must be in front of the right one. */
import { beforeOf, pointer } from '../before.ts'
import { forOperators } from '../names.ts'
import { readWas } from '../rewrite.ts'
import type { Rule, Site } from '../rule.ts'
import { appPortsIn } from '../settings.ts'
import { at, type Path } from '../tree.ts'
import { servicePorts } from '../services-of.ts'
import { ownPort, portsOf, type Container, type Place, type Workload } from '../workload.ts'

const ASKERS: readonly Path[] = [
  ...['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((probe) =>
    ['httpGet', 'tcpSocket'].map((how) => [probe, how, 'port']),
  ),
  ['lifecycle', 'postStart', 'httpGet', 'port'],
]

/** Port names in the probes and hooks of a container that the container does not declare. */
function nowhere(workload: Workload, container: Container): Site[] {
  return ASKERS.flatMap((path) => {
    const port = at(container.value, ...path)
    if (typeof port !== 'string' || ownPort(container, port) !== undefined) return []
    const saw = `container ${container.name} has no port named ${JSON.stringify(port)}`
    return [{ place: workload, path: [...container.path, ...path], saw }]
  })
}

/**
 * Whether the app is known to listen on a port that it does not declare: a Service targets it, or did before inject, or
 * a probe uses it.
 */
function isKnown(
  port: number,
  workload: Workload,
  apps: readonly Container[],
  services: readonly Place[],
): boolean {
  const probed = apps.some((one) => ASKERS.some((path) => ownPort(one, at(one.value, ...path)) === port))
  return (
    probed ||
    services.some((service) => {
      const before = beforeOf(service.item.value)
      return servicePorts(service, workload).some(({ index, number, port: own }) => {
        const path = ['spec', 'ports', index, 'targetPort']
        const was = before[pointer(service.item.value, path)]
        const earlier = was === undefined ? number : was === null ? own : readWas(path, was)
        return earlier === port
      })
    })
  )
}

export const PORT_RULES: readonly Rule[] = [
  {
    id: 'probe-port-nowhere',
    severity: 'error',
    title: 'A probe names a port that its container does not have',
    requests:
      'The kubelet cannot run the probe, which counts as a failure: the pod never becomes ready or is restarted again and again, and the rollout hangs.',
    fix: 'Give a port of the same container that name, or write the number.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload }) => workload.containers.flatMap((one) => nowhere(workload, one))),
  },
  {
    id: 'app-port-nowhere',
    severity: 'error',
    title: 'lastcall sends to a port that no container declares',
    requests:
      'The app listens on another port: lastcall never finds it healthy, the pod never becomes ready, and the rollout hangs.',
    fix: "Give lastcall the app's port: --app 127.0.0.1:PORT, or LASTCALL_APP (for several ports --port LISTEN=PORT).",
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, apps, services }) => {
        if (sidecar === undefined) return []
        const declared = apps.flatMap(portsOf)
        const clients = declared.filter(({ name }) => !forOperators(name))
        // Declaring ports is optional: a missing port is an error only if all containers declare theirs.
        const silent = apps.some((one) => !clients.some(({ container }) => container === one))
        const missing = appPortsIn(sidecar).find(
          (port) =>
            !declared.some(({ number }) => number === port) && !isKnown(port, workload, apps, services),
        )
        if (silent || missing === undefined) return []
        const saw = `lastcall sends to port ${missing}; the containers declare ${[...new Set(declared.map(({ number }) => number))].join(', ')}`
        return [{ place: workload, path: sidecar.path, saw }]
      }),
  },
  {
    id: 'host-port',
    severity: 'warning',
    title: 'A container has a hostPort',
    requests:
      "Requests reach the container through the node's address, past Services and past lastcall: nothing directs them elsewhere while the pod stops. Two pods on one node cannot share the port, so a new pod may have to wait until an old one has gone.",
    fix: 'Remove it, and use a Service (of type NodePort or LoadBalancer for requests from outside).',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        if (!serves || workload.spec['hostNetwork'] === true) return []
        return workload.containers.flatMap(portsOf).flatMap(({ container, index, hostPort }) =>
          hostPort === undefined
            ? []
            : [
                {
                  place: workload,
                  path: [...container.path, 'ports', index, 'hostPort'],
                  saw: `container ${container.name} uses port ${hostPort} of the node`,
                },
              ],
        )
      }),
  },
]
