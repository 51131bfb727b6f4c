/**
 * The ways to stop a pod that a rehearsal compares, each as the pod that a manifest would describe: the app bare, with
 * a sleep as its preStop hook, or with lastcall in front as a plain container or as a native sidecar. Timings are
 * those of k8s/: probes every second (the shortest that Kubernetes has).
 */

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ContainerSpec, PodSpec, Probe, ProbeTarget } from './pod-spec.ts'

export type Strategy =
  | { readonly kind: 'bare' }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'lastcall'; readonly mode: 'plain' | 'native'; readonly flags: readonly string[] }

/** The app of a rehearsal: how it is started on a port, and what its readiness probe asks. */
export interface AppSpec {
  readonly command: (port: number) => readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  /** A path for an httpGet probe; without one, tcpSocket. */
  readonly healthPath: string | undefined
}

export interface PodPorts {
  readonly app: number
  readonly traffic: number
  readonly admin: number
}

const HOST = '127.0.0.1'
const PROBE = { periodMs: 1000, timeoutMs: 1000, failures: 3 }
/** Started programs need some time; the first probe is the kubelet's at once, so look again soon. */
const STARTUP = { periodMs: 1000, timeoutMs: 1000, failures: 60 }

/** How a strategy is called in tables: `bare`, `sleep 5s`, `lastcall native`. */
export function strategyName(strategy: Strategy): string {
  switch (strategy.kind) {
    case 'bare':
      return 'bare'
    case 'sleep':
      return `sleep ${strategy.ms / 1000}s`
    case 'lastcall':
      return `lastcall ${strategy.mode}`
    default:
      return strategy satisfies never
  }
}

/** The command line of lastcall that belongs to this file: dist/cli.js when built, src/cli.ts from the sources. */
export function lastcallCommand(): readonly [string, string] {
  const suffix = extname(import.meta.filename)
  return [process.execPath, fileURLToPath(new URL(`../cli${suffix}`, import.meta.url))]
}

/** The pod of a strategy. Without a sidecar the app itself listens on the traffic port. */
export function podOf(
  strategy: Strategy,
  name: string,
  app: AppSpec,
  ports: PodPorts,
  graceMs: number,
): PodSpec {
  const endpoint = { pod: name, host: HOST, port: ports.traffic }
  const pod = { name, endpoint, graceMs }
  switch (strategy.kind) {
    case 'bare':
      return { ...pod, containers: [probedApp(app, name, ports.traffic)] }
    case 'sleep': {
      const preStop = { kind: 'sleep', ms: strategy.ms } as const
      return { ...pod, containers: [{ ...probedApp(app, name, ports.traffic), preStop }] }
    }
    case 'lastcall': {
      const admin = `http://${HOST}:${ports.admin}`
      const preStop = { kind: 'httpGet', url: `${admin}/prestop/app` } as const
      const main = { ...appContainer(app, name, ports.app), preStop }
      const sidecar = sidecarContainer(strategy.flags, ports, graceMs)
      return {
        ...pod,
        containers: strategy.mode === 'plain' ? [sidecar, main] : [native(sidecar, admin), main],
      }
    }
    default:
      return strategy satisfies never
  }
}

function appContainer(app: AppSpec, pod: string, port: number): ContainerSpec {
  return {
    name: 'app',
    role: 'main',
    command: app.command(port),
    env: { ...app.env, PORT: String(port), POD: pod },
  }
}

function probedApp(app: AppSpec, pod: string, port: number): ContainerSpec {
  const target: ProbeTarget =
    app.healthPath === undefined
      ? { kind: 'tcpSocket', host: HOST, port }
      : { kind: 'httpGet', url: `http://${HOST}:${port}${app.healthPath}` }
  return { ...appContainer(app, pod, port), readiness: { target, ...PROBE } }
}

function sidecarContainer(flags: readonly string[], ports: PodPorts, graceMs: number): ContainerSpec {
  const admin = `http://${HOST}:${ports.admin}`
  return {
    name: 'lastcall',
    role: 'main',
    command: [
      ...lastcallCommand(),
      '--listen',
      `${HOST}:${ports.traffic}`,
      '--app',
      `${HOST}:${ports.app}`,
      '--admin',
      `${HOST}:${ports.admin}`,
      '--grace-period',
      `${graceMs / 1000}s`,
      ...flags,
    ],
    env: {},
    readiness: probeOf(`${admin}/readyz`),
    liveness: { ...probeOf(`${admin}/livez`), periodMs: 5000 },
  }
}

/** A native sidecar is started before the app, and is stopped after it: so it has a hook of its own. */
function native(sidecar: ContainerSpec, admin: string): ContainerSpec {
  return {
    ...sidecar,
    role: 'native',
    startup: { target: { kind: 'httpGet', url: `${admin}/startupz` }, ...STARTUP },
    preStop: { kind: 'httpGet', url: `${admin}/prestop/sidecar` },
  }
}

function probeOf(url: string): Probe {
  return { target: { kind: 'httpGet', url }, ...PROBE }
}
