/** Rules about probes: a pod must be ready when it can serve, and leave the endpoints in time. */
import { printDuration } from '../../../proxy/config/units.ts'
import type { Judged, Rule } from '../rule.ts'
import { at, number, text, type Tree } from '../tree.ts'
import { ownPort, type Container } from '../workload.ts'

const DEFAULT_SETTLE_MS = 3000

/** How long a pod stays ready after its probe began to fail, in ms (with the API's defaults). */
function leavingMs(probe: Tree): number {
  return 1000 * (number(at(probe, 'periodSeconds')) ?? 10) * (number(at(probe, 'failureThreshold')) ?? 3)
}

function probed(
  container: Container,
  key: string,
): { readonly port: number | undefined; readonly path: string | undefined } | undefined {
  const probe = container.value[key]
  const how = ['httpGet', 'tcpSocket', 'grpc'].find((one) => at(probe, one) !== undefined)
  if (how === undefined) return undefined
  return {
    port: ownPort(container, at(probe, how, 'port')),
    path: text(at(probe, how, 'path'))?.replace(/^\/+/, '/'),
  }
}

/** Pods of Jobs are usually not behind a Service, so readiness does not matter. */
function isJob({ workload }: Judged): boolean {
  return workload.kind === 'Job' || workload.kind === 'CronJob'
}

export const READINESS_RULES: readonly Rule[] = [
  {
    id: 'readiness-missing',
    severity: 'error',
    title: 'No readinessProbe',
    requests:
      'The pod counts as ready as soon as its containers have started: requests arrive before the app can answer them, and keep arriving while the pod drains on a node that shuts down.',
    fix: "With lastcall: give its container a readinessProbe with path /readyz on the admin port. Without lastcall: give the app's container a readinessProbe.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { workload, sidecar, apps, serves } = judged
        if (!serves || isJob(judged)) return []
        const owners = sidecar === undefined ? apps : [sidecar]
        const [owner] = owners
        if (owner === undefined || owners.some(({ value }) => value['readinessProbe'] !== undefined))
          return []
        return [{ place: workload, path: owner.path, saw: `container ${owner.name} has no readinessProbe` }]
      }),
  },
  {
    id: 'readiness-slow',
    severity: 'warning',
    title: "lastcall's readinessProbe is slow",
    requests:
      'If the probe is the only sign that the pod is leaving (node shutdown, a manual drain, a restart of the app), requests keep arriving until it has failed often enough. That takes longer than --settle, so they reach a pod that already tells clients to leave.',
    fix: 'Lower periodSeconds × failureThreshold to --settle or less (inject writes 1 s and 1; --health-failures decides how many failures of the app count), or raise --settle.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, config }) => {
        const probe = sidecar?.value['readinessProbe']
        const settleMs = config?.settleMs ?? DEFAULT_SETTLE_MS
        if (sidecar === undefined || probe === undefined || leavingMs(probe) <= settleMs) return []
        const saw = `it takes ${printDuration(leavingMs(probe))} to fail, but --settle is ${printDuration(settleMs)}`
        return [{ place: workload, path: [...sidecar.path, 'readinessProbe'], saw }]
      }),
  },
  {
    id: 'readiness-not-lastcall',
    severity: 'error',
    title: "lastcall's readinessProbe does not ask lastcall",
    requests: 'The pod stays ready while it drains, or never becomes ready: requests go to the wrong pods.',
    fix: 'Use httpGet with path /readyz and the number of the --admin port.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, config }) => {
        if (sidecar === undefined || config === undefined || sidecar.value['readinessProbe'] === undefined)
          return []
        const found = probed(sidecar, 'readinessProbe')
        if (found?.port === config.admin.port && found.path === '/readyz') return []
        const saw = `it asks ${found?.path ?? 'no path'} on port ${found?.port ?? 'none'}`
        return [{ place: workload, path: [...sidecar.path, 'readinessProbe'], saw }]
      }),
  },
  {
    id: 'readiness-on-app',
    severity: 'warning',
    title: "A readinessProbe asks the app's own port instead of lastcall",
    requests:
      'One slow response of the app makes the pod unready, and all pods at once if they share a database. While the pod stops, the probe fails when the app stops, not when the drain begins. If the app listens on loopback, the probe cannot reach it, and the pod never becomes ready.',
    fix: 'Remove the probe, and give its URL to lastcall: --health http://127.0.0.1:PORT/PATH.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, app }) => {
        if (sidecar === undefined || app === undefined) return []
        const probe = app.value['readinessProbe']
        if (at(probe, 'httpGet') === undefined && at(probe, 'tcpSocket') === undefined) return []
        if (at(probe, 'httpGet', 'scheme') === 'HTTPS') return []
        const port = probed(app, 'readinessProbe')?.port
        return [
          {
            place: workload,
            path: [...app.path, 'readinessProbe'],
            saw: `the probe asks container ${app.name} on port ${port ?? '?'}`,
          },
        ]
      }),
  },
  {
    id: 'startup-deadlock',
    severity: 'error',
    title: 'The startupProbe of a native sidecar waits for the app',
    requests:
      'The app starts only after the sidecar has: each waits for the other, the pod never starts, and the rollout hangs.',
    fix: 'Remove the probe: lastcall needs no startupProbe, and a pod without one becomes ready sooner. If you want one, use path /startupz on the admin port, which answers 200 as soon as lastcall listens.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, config }) => {
        if (sidecar === undefined || !sidecar.native || config === undefined) return []
        const probe = sidecar.value['startupProbe']
        const found = probed(sidecar, 'startupProbe')
        if (found === undefined) return []
        const own = found.port === config.admin.port && ['/startupz', '/livez'].includes(found.path ?? '')
        // A connection to lastcall's own ports needs no app.
        const connects =
          at(probe, 'tcpSocket') !== undefined &&
          [config.admin, ...config.ports.map(({ listen }) => listen)].some(({ port }) => port === found.port)
        if (own || connects) return []
        return [
          {
            place: workload,
            path: [...sidecar.path, 'startupProbe'],
            saw: `it asks ${found.path ?? 'a connection'} on port ${found.port ?? '?'}`,
          },
        ]
      }),
  },
]
