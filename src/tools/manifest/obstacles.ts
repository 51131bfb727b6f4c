/**
 * Reasons why lastcall cannot be added safely. Each is a sentence that continues `Deployment web ...` and says what to
 * do. Pure.
 */
import { printDuration } from '../../proxy/config/units.ts'
import type { App } from './app.ts'
import { INJECT, optsOut } from './given.ts'
import { preStopOf } from './hook.ts'
import { freePort, listensIn, portIn, takenPorts } from './ports.ts'
import type { Mode } from './sidecar.ts'
import { settingsIn, type Settings } from './settings.ts'
import { at, text } from './tree.ts'
import { appsOf, portsOf, type Place, type Workload } from './workload.ts'

/** Why a workload has no pods to inject: it opts out, has no containers, or takes its pods from another object. */
export function nothingToInject(workload: Workload): string | undefined {
  const { kind, item } = workload
  if (optsOut(item.value, workload.podPath)) return `is left alone: its annotation ${INJECT} is "false"`
  const reference = at(item.value, 'spec', 'workloadRef')
  if (kind === 'Rollout' && reference !== undefined)
    return `is left alone: it takes its pods from ${text(at(reference, 'kind')) ?? 'workload'} ${text(at(reference, 'name')) ?? ''} (workloadRef); inject that object instead`
  return appsOf(workload).length === 0 ? 'is left alone: it has no containers' : undefined
}

/** The reason why this kind of workload cannot be injected, if there is one. */
export function kindObstacle(workload: Workload, mode: Mode | undefined): string | undefined {
  const { kind, spec } = workload
  const plain = mode === 'plain' || (mode === undefined && workload.sidecar?.native === false)
  if ((kind === 'Job' || kind === 'CronJob') && plain)
    return 'would never complete with a plain sidecar, which does not end with the app: use --mode native (Kubernetes 1.29 and later)'
  const os = text(at(spec, 'os', 'name')) ?? text(at(spec, 'nodeSelector', 'kubernetes.io/os'))
  return os === 'windows'
    ? 'runs on Windows, but lastcall runs on Linux only: leave it out with --name OTHERS'
    : undefined
}

/** All reasons why the pod in its current form cannot be injected. */
export function podObstacles(
  workload: Workload,
  places: readonly Place[],
  apps: readonly App[],
  given: Settings,
  samePort: boolean,
): string[] {
  const containers = new Map(apps.map((app) => [app.container, app]))
  const found = [
    ...[...containers.values()].map(hookObstacle),
    hostNetwork(workload, given),
    ...apps.map((app) => nodePort(workload, app)),
    ...portObstacles(workload, places, apps, given, samePort),
  ]
  return found.filter((why) => why !== undefined)
}

/** A hook that only waits or does nothing is replaced (see replacedHook); any other hook is an obstacle. */
function hookObstacle({ container }: App): string | undefined {
  const hook = preStopOf(container)
  if (hook.kind !== 'cuts' && hook.kind !== 'other') return undefined
  return (
    `has its own preStop in container ${container.name} (${hook.said}), and a container can have only one. ` +
    'Remove it, or let the app do the same work on SIGTERM: lastcall delays SIGTERM until nothing is in flight'
  )
}

/** Remarks about a hook that lastcall's hook replaces. */
export function replacedHook({ container }: App): string[] {
  const hook = preStopOf(container)
  if (hook.kind === 'nothing')
    return [
      `the preStop of container ${container.name} (${hook.said}) did nothing; lastcall's hook replaces it`,
    ]
  if (hook.kind !== 'waits') return []
  const wait = printDuration(hook.ms)
  return [
    `the preStop of container ${container.name} (${hook.said}) only waited; lastcall's hook replaces it, and waits as ` +
      `long as requests arrive. If it waited for a slow load balancer, add --settle ${wait}`,
  ]
}

/** Ports that were requested for lastcall, or that it already has, but that another container uses. */
function portObstacles(
  workload: Workload,
  places: readonly Place[],
  apps: readonly App[],
  given: Settings,
  samePort: boolean,
): string[] {
  const there = settingsIn(workload.sidecar)
  const taken = new Map(apps.flatMap(({ port }) => [...takenPorts(workload, places, port)]))
  const several = given.get('port') ?? (given.has('listen') ? undefined : there.get('port'))
  const clashes = listensIn(several, false).flatMap((port) => {
    const owner = taken.get(port)
    return owner === undefined
      ? []
      : [`already uses port ${port} (${owner}): leave --port out, or choose a free port for lastcall`]
  })
  if (clashes.length > 0) return clashes
  return (['listen', 'admin'] as const).flatMap((flag) => {
    const port = portIn(given.get(flag) ?? there.get(flag))
    const owner = port === undefined ? undefined : taken.get(port)
    if (owner === undefined || (samePort && flag === 'listen')) return []
    const free = freePort(flag, new Set(taken.keys()))
    return [
      `already uses port ${port} (${owner}): leave --${flag} out, or choose a free port, such as --${flag} :${free}`,
    ]
  })
}

/** With hostNetwork, a hostPort cannot move to lastcall: the app itself listens on that port of the node. */
function nodePort({ spec }: Workload, { container, port }: App): string | undefined {
  const bound = portsOf(container).some(({ number, hostPort }) => number === port && hostPort !== undefined)
  return spec['hostNetwork'] === true && bound
    ? `uses hostNetwork, and port ${port} of container ${container.name} has a hostPort, through which requests would bypass lastcall: remove the hostPort, and use a Service`
    : undefined
}

function hostNetwork({ spec, sidecar }: Workload, given: Settings): string | undefined {
  if (spec['hostNetwork'] !== true || sidecar !== undefined) return undefined
  const wanted = given.has('port') ? ['admin'] : ['listen', 'admin']
  const unsaid = wanted.filter((flag) => !given.has(flag)).map((flag) => `--${flag} :PORT`)
  return unsaid.length === 0
    ? undefined
    : `uses hostNetwork: lastcall's ports are ports of the node, where the default ones may be in use; choose free ones with ${unsaid.join(' and ')}`
}
