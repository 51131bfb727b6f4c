/**
 * The ways to stop a pod that a rehearsal compares, each as the pod that a manifest would describe: the app bare, with
 * a sleep as its preStop hook, or with lastcall in front as a plain container or as a native sidecar. Timings are
 * those of k8s/: probes every second (the shortest that Kubernetes has).
 */

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ContainerSpec, PodSpec, Probe, ProbeTarget } from './pod-spec.ts'

/** A way to stop a pod: what it is called in tables, and the pod. Others than those below may be made outside. */
export interface Strategy {
  readonly name: string
  readonly pod: (context: PodContext) => PodSpec
}

export interface PodContext {
  readonly name: string
  readonly app: AppSpec
  readonly ports: PodPorts
  readonly graceMs: number
}

/** The app of a rehearsal: how it is started on a port, and what its readiness probe asks. */
export interface AppSpec {
  readonly command: (port: number, others: readonly number[]) => readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  /** A path for an httpGet probe; without one, tcpSocket. */
  readonly healthPath: string | undefined
}

/** Ports of 127.0.0.1 that are this pod's alone; the Service sends its connections to `traffic`. */
export interface PodPorts {
  readonly app: number
  readonly traffic: number
  readonly admin: number
  /** Of the other ports of a pod that has several. */
  readonly others?: readonly {
    readonly app: number
    readonly traffic: number
    readonly protocol: 'auto' | 'tcp'
  }[]
}

const HOST = '127.0.0.1'
const PROBE = { periodMs: 1000, timeoutMs: 1000, failures: 3 }

/** The app alone: it gets its SIGTERM the moment the pod is deleted. */
export const bare: Strategy = {
  name: 'bare',
  pod: (context) => podOf(context, [probedApp(context)]),
}

/** The app alone, with a sleep action as its preStop hook: the usual remedy. */
export function sleepHook(ms: number): Strategy {
  return {
    name: `sleep ${ms / 1000}s`,
    pod: (context) => podOf(context, [{ ...probedApp(context), preStop: { kind: 'sleep', ms } }]),
  }
}

/** lastcall in front of the app, as k8s/ shows it; `flags` are added to its command line. */
export function lastcall(mode: 'plain' | 'native', flags: readonly string[] = []): Strategy {
  return {
    name: `lastcall ${mode}`,
    pod: (context) => {
      const admin = `http://${HOST}:${context.ports.admin}`
      const preStop = { kind: 'httpGet', url: `${admin}/prestop/app` } as const
      const others = context.ports.others?.map((one) => one.app)
      const app = { ...appContainer(context, context.ports.app, others), preStop }
      const sidecar = sidecarContainer(context, flags)
      return podOf(context, mode === 'plain' ? [sidecar, app] : [native(sidecar, admin), app])
    },
  }
}

/** The command line of lastcall that belongs to this file: dist/cli.js when built, src/cli.ts from the sources. */
function lastcallCommand(): readonly [string, string] {
  const suffix = extname(import.meta.filename)
  return [process.execPath, fileURLToPath(new URL(`../../cli${suffix}`, import.meta.url))]
}

/** A pod whose traffic port the Service knows. */
export function podOf({ name, ports, graceMs }: PodContext, containers: readonly ContainerSpec[]): PodSpec {
  const at = (port: number) => ({ pod: name, host: HOST, port })
  const others = (ports.others ?? []).map(({ traffic }) => at(traffic))
  return { name, endpoint: at(ports.traffic), others, graceMs, containers }
}

/** The app's container, on a port of its choice, without probes and hooks. */
export function appContainer(
  { app, name }: PodContext,
  port: number,
  others: readonly number[] = [],
): ContainerSpec {
  return {
    name: 'app',
    role: 'main',
    command: app.command(port, others),
    env: appEnv(app, name, port, others),
  }
}

/** $PORT is the app's first port, $PORT2 the next. */
export function appEnv(
  { env }: AppSpec,
  pod: string,
  port: number,
  others: readonly number[],
): Record<string, string> {
  const more = others.map((one, index) => [`PORT${index + 2}`, String(one)])
  return { ...env, PORT: String(port), ...(Object.fromEntries(more) as Record<string, string>), POD: pod }
}

/** The app's container on the traffic port, with the readiness probe that a pod without a sidecar has. */
function probedApp(context: PodContext): ContainerSpec {
  const { app } = context
  const port = context.ports.traffic
  const target: ProbeTarget =
    app.healthPath === undefined
      ? { kind: 'tcpSocket', host: HOST, port }
      : { kind: 'httpGet', url: `http://${HOST}:${port}${app.healthPath}` }
  const others = context.ports.others?.map((one) => one.traffic)
  return { ...appContainer(context, port, others), readiness: { target, ...PROBE } }
}

function sidecarContainer({ ports, graceMs }: PodContext, flags: readonly string[]): ContainerSpec {
  const admin = `http://${HOST}:${ports.admin}`
  return {
    name: 'lastcall',
    role: 'main',
    command: [
      ...lastcallCommand(),
      ...served(ports),
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

/** Where lastcall listens, and what it is in front of. */
function served({ app, traffic, others = [] }: PodPorts): string[] {
  if (others.length === 0) return ['--listen', `${HOST}:${traffic}`, '--app', `${HOST}:${app}`]
  return [{ app, traffic, protocol: 'auto' }, ...others].map(
    (one) => `--port=${HOST}:${one.traffic}=${HOST}:${one.app},protocol=${one.protocol}`,
  )
}

/** A native sidecar is started before the app, and is stopped after it: so it has a hook of its own. */
function native(sidecar: ContainerSpec, admin: string): ContainerSpec {
  return {
    ...sidecar,
    role: 'native',
    preStop: { kind: 'httpGet', url: `${admin}/prestop/sidecar` },
  }
}

function probeOf(url: string): Probe {
  return { target: { kind: 'httpGet', url }, ...PROBE }
}
