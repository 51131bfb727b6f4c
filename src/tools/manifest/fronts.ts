/**
 * The ports of an app that lastcall proxies, and the port on which lastcall listens for each. Pure.
 */
import type { Config } from '../../proxy/config/config.ts'
import type { App } from './app.ts'
import { freePort } from './ports.ts'
import { onPodIps, POD_IPS } from './settings.ts'
import { at } from './tree.ts'
import { ownPort, portsOf, type ContainerPort, type Workload } from './workload.ts'

/** A port of an app, and the port of lastcall in front of it. */
export interface Front {
  readonly app: App
  readonly listenPort: number
  /** lastcall listens on the app's own port, and the app on loopback. */
  readonly samePort: boolean
  /** The port of the node that leads to the app, and will lead to lastcall. */
  readonly hostPort: number | undefined
  /** The name of lastcall's port; Services may target it. */
  readonly portName: string
}

/** An app's port, and whether its bytes are only relayed because it does not speak HTTP. */
export interface AppPort extends App {
  readonly tcp: boolean
}

/** The parts of a request that affect the choice of ports. */
interface Asked {
  readonly step: 'pods' | 'services' | undefined
  readonly bindEnv: string | undefined
  readonly bindArg: string | undefined
}

/** Lower ports need a privilege; without root and capabilities, only some container runtimes grant it. */
const PRIVILEGED = 1024

/**
 * Whether lastcall can listen on the app's own port on the addresses of the pod, and the app on the same port of
 * loopback. Then objects that name the port (Services, NetworkPolicies, monitors) need no change. lastcall would accept
 * the connection of a tcpSocket probe in place of the app: such a pod keeps two ports, unless the user says how to bind.
 */
export function canShare(workload: Workload, { container, port }: App, request: Asked): boolean {
  if (workload.sidecar !== undefined || workload.spec['hostNetwork'] === true || request.step !== undefined)
    return false
  if (port < PRIVILEGED) return false
  if (namedBinding(request) !== undefined) return true
  return !['livenessProbe', 'startupProbe'].some(
    (probe) => ownPort(container, at(container.value, probe, 'tcpSocket', 'port')) === port,
  )
}

/** A setting that the user has named moves every port of the container, unless its value contains a port. */
export function movesAll(request: Asked): boolean {
  const named = namedBinding(request)
  return named !== undefined && !/:\d+\b/.test(named)
}

function namedBinding({ bindEnv, bindArg }: Asked): string | undefined {
  return bindEnv ?? bindArg
}

/** The value of --listen if lastcall has the app's port. */
export function ownAddresses(port: number): string {
  return `[$(${POD_IPS})]:${port}`
}

/** The values of --port for several ports, separated by spaces; `shared` says which apps share their port with lastcall. */
export function portText(
  apps: readonly AppPort[],
  shared: (app: AppPort) => boolean,
  taken: ReadonlySet<number>,
): string {
  const used = new Set(taken)
  const words = apps.map((app) => {
    const port = shared(app) ? undefined : freePort('listen', used)
    if (port !== undefined) used.add(port)
    // A number alone is a port of 127.0.0.1.
    return `${port ?? ownAddresses(app.port)}=${app.port}${app.tcp ? ',protocol=tcp' : ''}`
  })
  return words.join(' ')
}

/** The fronts of a configuration; `apps` are in the order of its ports. */
export function frontsOf(
  workload: Workload,
  apps: readonly AppPort[],
  config: Pick<Config, 'ports'>,
  step: Asked['step'],
): [Front, ...Front[]] {
  const names = new Set(
    workload.containers
      .filter((one) => one !== workload.sidecar)
      .flatMap(portsOf)
      .flatMap(({ name }) => name ?? []),
  )
  const [first, ...more] = config.ports.map((served, i): Front => {
    const app = apps[i] ?? apps[0]!
    const samePort = onPodIps(served)
    const { port: listenPort } = served.listen
    const portName = nameOf(workload, app, listenPort, step, i, names)
    names.add(portName)
    const nodes = samePort || workload.spec['hostNetwork'] === true
    return { app, listenPort, samePort, hostPort: nodes ? undefined : declared(app)?.hostPort, portName }
  })
  return [first!, ...more]
}

function declared({ container, port }: App): ContainerPort | undefined {
  return portsOf(container).find(({ number }) => number === port)
}

/** The name of lastcall's port. It takes over the name of the app's port, which Services then find in old and new pods. */
function nameOf(
  { sidecar }: Workload,
  app: App,
  listenPort: number,
  step: Asked['step'],
  index: number,
  names: ReadonlySet<string>,
): string {
  if (sidecar !== undefined) {
    const own = portsOf(sidecar).find(({ number }) => number === listenPort)?.name
    if (own !== undefined) return own
  }
  const moved = sidecar === undefined && step === undefined ? declared(app)?.name : undefined
  if (moved !== undefined) return moved
  if (index > 0) return `lastcall-${app.port}`
  return names.has('http') ? 'lastcall-http' : 'http'
}
