/**
 * What stands in the way of adding lastcall safely, each a sentence that goes on after `Deployment web ...` and says
 * what to do. Pure.
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

/** Why there is nothing to put lastcall into: the pods are somebody else's. */
export function nothingToInject(workload: Workload): string | undefined {
  const { kind, item } = workload
  if (optsOut(item.value, workload.podPath)) return `is left alone: its annotation ${INJECT} is "false"`
  const reference = at(item.value, 'spec', 'workloadRef')
  if (kind === 'Rollout' && reference !== undefined)
    return `is left alone: it takes its pods from ${text(at(reference, 'kind')) ?? 'workload'} ${text(at(reference, 'name')) ?? ''} (workloadRef), and lastcall goes in there`
  return appsOf(workload).length === 0 ? 'is left alone: it has no containers' : undefined
}

/** What the kind of the workload forbids. */
export function kindObstacle(workload: Workload, mode: Mode | undefined): string | undefined {
  const { kind, spec } = workload
  const plain = mode === 'plain' || (mode === undefined && workload.sidecar?.native === false)
  if ((kind === 'Job' || kind === 'CronJob') && plain)
    return 'would never complete with a plain sidecar, which does not end with the app: use --mode native (Kubernetes 1.29 and later)'
  const os = text(at(spec, 'os', 'name')) ?? text(at(spec, 'nodeSelector', 'kubernetes.io/os'))
  return os === 'windows'
    ? 'runs on Windows, and lastcall on Linux only: leave it out with --name OTHERS'
    : undefined
}

/** What the pod as it is forbids; all of it at once. */
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

/** A hook that only waits, or does nothing, is replaced (see replacedHook); one that does something is not. */
function hookObstacle({ container }: App): string | undefined {
  const hook = preStopOf(container)
  if (hook.kind !== 'cuts' && hook.kind !== 'other') return undefined
  return (
    `has a preStop of its own in container ${container.name} (${hook.said}), and a container can have one only. ` +
    'Remove it, or let the app do on SIGTERM what it does: lastcall holds that back until nothing is in flight'
  )
}

/** What the user should know of a hook in whose place lastcall's comes. */
export function replacedHook({ container }: App): string[] {
  const hook = preStopOf(container)
  if (hook.kind === 'nothing')
    return [
      `the preStop of container ${container.name} (${hook.said}) did nothing; lastcall's takes its place`,
    ]
  if (hook.kind !== 'waits') return []
  const wait = printDuration(hook.ms)
  return [
    `the preStop of container ${container.name} (${hook.said}) only waited; lastcall's takes its place, which waits as ` +
      `long as requests come. If it waited for a load balancer that is slow to notice, give --settle ${wait}`,
  ]
}

/** Ports that were asked for, or are lastcall's already, and belong to another container. Others are chosen free. */
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
      : [`has port ${port} taken already, by ${owner}: leave --port out, or give lastcall a free one there`]
  })
  if (clashes.length > 0) return clashes
  return (['listen', 'admin'] as const).flatMap((flag) => {
    const port = portIn(given.get(flag) ?? there.get(flag))
    const owner = port === undefined ? undefined : taken.get(port)
    if (owner === undefined || (samePort && flag === 'listen')) return []
    const free = freePort(flag, new Set(taken.keys()))
    return [
      `has port ${port} taken already, by ${owner}: leave --${flag} out, or give it a free one, like --${flag} :${free}`,
    ]
  })
}

/** In the node's network no port can be handed over: the app itself has it. */
function nodePort({ spec }: Workload, { container, port }: App): string | undefined {
  const bound = portsOf(container).some(({ number, hostPort }) => number === port && hostPort !== undefined)
  return spec['hostNetwork'] === true && bound
    ? `has hostNetwork and gives port ${port} of container ${container.name} a hostPort, by which requests would reach the app past lastcall: remove it, and use a Service`
    : undefined
}

function hostNetwork({ spec, sidecar }: Workload, given: Settings): string | undefined {
  if (spec['hostNetwork'] !== true || sidecar !== undefined) return undefined
  const wanted = given.has('port') ? ['admin'] : ['listen', 'admin']
  const unsaid = wanted.filter((flag) => !given.has(flag)).map((flag) => `--${flag} :PORT`)
  return unsaid.length === 0
    ? undefined
    : `uses hostNetwork: the ports of lastcall are the node's, where others may have the usual ones; choose free ones with ${unsaid.join(' and ')}`
}
