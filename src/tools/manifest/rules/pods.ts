/** Rules about the pod around lastcall: its kind, its ports, what else is reachable in it. */
import { didYouMean } from '../../../proxy/config/suggest.ts'
import { couldBeLoopback } from '../app-changes.ts'
import { isPostgrest } from '../app.ts'
import { bindingOf } from '../bind.ts'
import { IGNORE, ignored } from '../ignore.ts'
import { meshesOf, portListWith } from '../mesh.ts'
import { spokenOn } from '../protocols.ts'
import { settingsIn, sharesPort } from '../settings.ts'
import type { Rule, Site } from '../rule.ts'
import { at, list, text } from '../tree.ts'
import { portsOf, variable, type Container, type Workload } from '../workload.ts'

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', 'ip6-localhost'])

/** How a PostgREST container listens on more than loopback, as a sentence; undefined if it does not, or has to. */
function openHost(container: Container): string | undefined {
  if (!isPostgrest(container)) return undefined
  const host = variable(container, 'PGRST_SERVER_HOST')
  if (host !== undefined) return LOOPBACK.has(host) ? undefined : `PGRST_SERVER_HOST is ${host}`
  return couldBeLoopback(container) ? 'PGRST_SERVER_HOST is not set' : undefined
}

/** A site if lastcall shares the port of an app that, according to its manifest, listens on all addresses. */
function everywhere(workload: Workload, container: Container, port: number): Site[] {
  const reading = bindingOf({ container, port }, { bindEnv: undefined, bindArg: undefined })
  if (reading.kind !== 'binding' || reading.binding.kind === 'there') return []
  const saw = `container ${container.name} listens on port ${port} of all addresses, and lastcall on the same port of the pod's addresses`
  return [{ place: workload, path: container.path, saw }]
}

export const POD_RULES: readonly Rule[] = [
  {
    id: 'ignore-unknown',
    severity: 'warning',
    title: 'An annotation silences a rule that does not exist',
    requests: 'The finding is still reported, because no rule has this name; the rule may have been renamed.',
    fix: 'Correct the name in lastcall.dev/ignore; docs/rules.md lists all rules.',
    find: ({ places, ids }) =>
      places.flatMap((place) =>
        ignored(place)
          .filter((id) => !ids.includes(id))
          .map((id) => ({
            place,
            path: ['metadata', 'annotations', IGNORE],
            saw: `there is no rule ${JSON.stringify(id)}${didYouMean(id, ids)}`,
          })),
      ),
  },
  {
    id: 'nothing-drains',
    severity: 'warning',
    title: 'Nothing delays SIGTERM',
    requests:
      'Kubernetes sends SIGTERM at the same time as it removes the pod from the endpoints. Until that has propagated, requests keep arriving at an app that is already stopping: they are refused or cut.',
    fix: 'Run lastcall inject, which adds the sidecar and the hook.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, apps, serves }) => {
        if (!serves || sidecar !== undefined || workload.kind === 'Job' || workload.kind === 'CronJob')
          return []
        if (apps.length === 0 || apps.some(({ value }) => at(value, 'lifecycle', 'preStop') !== undefined))
          return []
        return [
          { place: workload, path: apps[0]!.path, saw: `no container of ${workload.title} has a preStop` },
        ]
      }),
  },
  {
    id: 'job-plain-sidecar',
    severity: 'error',
    title: 'A plain sidecar in a Job',
    requests: 'lastcall keeps running after the app has ended, so the Job never completes.',
    fix: 'Make it a native sidecar: under initContainers, with restartPolicy: Always (lastcall inject --mode native; Kubernetes 1.29 and later).',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar }) =>
        sidecar !== undefined && !sidecar.native && (workload.kind === 'Job' || workload.kind === 'CronJob')
          ? [{ place: workload, path: sidecar.path, saw: `${workload.title} has lastcall under containers` }]
          : [],
      ),
  },
  {
    id: 'port-taken',
    severity: 'error',
    title: 'Another container uses a port of lastcall',
    requests:
      'All containers of a pod share its ports: one of the two cannot listen, and the pod never becomes ready.',
    fix: 'Give lastcall another port with --listen or --admin (and change Services, hooks and probes with it). If lastcall is meant to share the port of the app ($(POD_IPS)), let the app listen on 127.0.0.1 only: docs/same-port.md says how.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, app, config }) => {
        if (config === undefined) return []
        const own = new Set([...config.ports.map(({ listen }) => listen.port), config.admin.port])
        const shared = new Set(config.ports.filter(sharesPort).map(({ listen }) => listen.port))
        const clashes =
          app === undefined ? [] : [...shared].flatMap((port) => everywhere(workload, app, port))
        const others = workload.containers
          .filter((one) => one !== sidecar)
          .flatMap(portsOf)
          .filter(({ container, number }) => own.has(number) && !(container === app && shared.has(number)))
          .map(({ container, index, number }) => ({
            place: workload,
            path: [...container.path, 'ports', index],
            saw: `container ${container.name} also uses port ${number}`,
          }))
        return [...others, ...clashes]
      }),
  },
  {
    id: 'protocol-not-http',
    severity: 'error',
    title: 'The app does not speak HTTP, but lastcall reads it as HTTP',
    requests: 'lastcall answers clients with 400, or both sides wait for each other until they time out.',
    fix: 'Give lastcall --protocol tcp: it then relays bytes, and counts connections instead of requests.',
    find: ({ places, workloads }) =>
      workloads.flatMap(({ workload, sidecar, config, app, services }) => {
        if (sidecar === undefined || app === undefined || config?.protocol !== 'auto') return []
        // The protocol was set explicitly.
        if (settingsIn(sidecar).has('protocol') || config.app.kind !== 'tcp') return []
        const { port } = config.app
        const spoken = spokenOn(app, port, workload, services, places, config.listen.port)
        if (spoken.kind !== 'stream') return []
        const saw = `container ${app.name} speaks ${spoken.what} on port ${port}, according to ${spoken.says}`
        return [{ place: workload, path: sidecar.path, saw }]
      }),
  },
  {
    id: 'app-not-loopback',
    severity: 'warning',
    title: 'The app listens on all addresses, which is not necessary',
    requests:
      'Clients that know the address of the pod can bypass lastcall; their requests are cut when the app stops.',
    fix: 'Set PGRST_SERVER_HOST to 127.0.0.1 in the env of PostgREST, and remove its livenessProbe and startupProbe, if any: the kubelet cannot reach loopback.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, apps }) =>
        apps.flatMap((container) => {
          const saw = sidecar === undefined ? undefined : openHost(container)
          if (saw === undefined) return []
          const env = list(container.value['env'])
          const index = env.findIndex((row) => at(row, 'name') === 'PGRST_SERVER_HOST')
          return [
            {
              place: workload,
              path: [...container.path, 'env', ...(index === -1 ? [] : [index, 'value'])],
              saw,
            },
          ]
        }),
      ),
  },
  {
    id: 'mesh-catches-admin',
    severity: 'warning',
    title: 'A service mesh intercepts the admin port',
    requests:
      "The kubelet's hooks and probes are plain HTTP. A mesh that requires mTLS refuses them: the hook fails, SIGTERM follows at once, and requests in flight are cut.",
    fix: "Exclude the admin port with the mesh's annotation on the pod (lastcall inject adds it).",
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, config }) => {
        if (config === undefined) return []
        return meshesOf(workload).flatMap(({ name, annotation }) => {
          const path = [...workload.podPath, 'metadata', 'annotations', annotation]
          const ports = text(at(workload.item.value, ...path))
          const all = (ports ?? '').split(',').map((port) => port.trim())
          if (ports === '*' || portListWith(ports, config.admin.port) === all.join(',')) return []
          return [
            {
              place: workload,
              path,
              saw: `${annotation} does not contain ${config.admin.port}, and the pod is in a mesh of ${name}`,
            },
          ]
        })
      }),
  },
]
