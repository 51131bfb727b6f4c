/**
 * All ports of a workload that lastcall will proxy: the main one (app.ts), and the others that Services of the input
 * target. If one of the others cannot be proxied safely, it stays as it is. Pure.
 */
import { parsePorts } from '../../proxy/config/ports.ts'
import { findApp } from './app.ts'
import { aroundObstacles } from './around.ts'
import type { AppPort } from './fronts.ts'
import { optsOut } from './given.ts'
import { preStopOf } from './hook.ts'
import { isHeadless } from './headless.ts'
import { forOperators } from './names.ts'
import { spokenOn } from './protocols.ts'
import { expanded, podIps, settingsIn, type Settings } from './settings.ts'
import { speechOf } from './speech.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { portsOf, type Place, type Workload } from './workload.ts'

export type AppsReading =
  | {
      readonly kind: 'apps'
      readonly apps: readonly [AppPort, ...AppPort[]]
      readonly remarks: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** Finds the apps of a workload; `given` are the options of the command line, `container` the value of --container. */
export function findApps(
  workload: Workload,
  places: readonly Place[],
  given: Settings,
  container: string | undefined,
): AppsReading {
  const single = given.has('app') || given.has('listen')
  const written = given.get('port') ?? (single ? undefined : settingsIn(workload.sidecar).get('port'))
  if (written !== undefined) return writtenPorts(workload, places, written, container)
  const main = findApp(workload, places, given, container)
  const ports = single || workload.sidecar !== undefined ? [] : clientPorts(workload, places)
  const mainContainer = main.kind === 'app' ? main.app.container : undefined
  const found = ports
    .flatMap((port) => appOn(workload, places, port, given, container) ?? [])
    // Another container that needs its own hook keeps it, and its port stays as it is.
    .filter(({ app }) => mainContainer === undefined || app.container === mainContainer || !hasOwnHook(app))
  if (main.kind === 'unknown') {
    const [first, ...more] = found
    return first === undefined || more.length === 0
      ? { kind: 'unknown', why: main.why }
      : { kind: 'apps', apps: [first.app, ...more.map(({ app }) => app)], remarks: told([first, ...more]) }
  }
  const others = found.filter(({ app }) => app.port !== main.app.port)
  const own: AppPort = { ...main.app, tcp: given.get('protocol') === 'tcp' }
  return { kind: 'apps', apps: [own, ...others.map(({ app }) => app)], remarks: told(others) }
}

/** The ports that --port names, each with its container. */
function writtenPorts(
  workload: Workload,
  places: readonly Place[],
  text: string,
  container: string | undefined,
): AppsReading {
  const reading = parsePorts(expanded(text, podIps))
  if (reading.kind === 'bad') return { kind: 'unknown', why: `--port ${text}: ${reading.why}` }
  const apps: AppPort[] = []
  for (const { app, protocol } of reading.value) {
    if (app.kind === 'unix')
      return {
        kind: 'unknown',
        why: '--port: inject cannot share a socket between containers; add the sidecar manually (k8s/README.md), or let the app listen on a port',
      }
    const one = findApp(workload, places, new Map([['app', `127.0.0.1:${app.port}`]]), container)
    if (one.kind === 'unknown') return one
    apps.push({ ...one.app, tcp: protocol === 'tcp' })
  }
  const [first, ...more] = apps
  return { kind: 'apps', apps: [first!, ...more], remarks: [] }
}

/** The ports of the pod that Services target, without those for operators (metrics, health). In order, each once. */
function clientPorts(workload: Workload, places: readonly Place[]): number[] {
  const operators = new Set(
    workload.containers
      .flatMap(portsOf)
      .filter(({ name }) => forOperators(name))
      .map(({ number }) => number),
  )
  const services = servicesOf(places, workload).filter((one) => !isHeadless(one) && !optsOut(one.item.value))
  const ports = services.flatMap((service) =>
    servicePorts(service, workload).flatMap(({ number, name }) =>
      number === undefined || forOperators(name) || operators.has(number) ? [] : [number],
    ),
  )
  return [...new Set(ports)]
}

interface Found {
  readonly app: AppPort
  /** Why its bytes are only relayed. */
  readonly says: string | undefined
}

/**
 * One of several ports. If nothing declares it as HTTP, its bytes are relayed: that works for every protocol, and is
 * better for clients than no lastcall at all.
 */
function appOn(
  workload: Workload,
  places: readonly Place[],
  port: number,
  given: Settings,
  named: string | undefined,
): Found | undefined {
  const reading = findApp(workload, places, new Map([['app', `127.0.0.1:${port}`]]), named)
  if (reading.kind === 'unknown') return undefined
  const { app } = reading
  const said = given.get('protocol')
  const speech = speechOf(workload, places, app, given)
  if (speech.kind === 'refused') return undefined
  // 0: any port that is not the app's.
  if (aroundObstacles(workload, places, app, 0).length > 0) return undefined
  if (said !== undefined) return { app: { ...app, tcp: said === 'tcp' }, says: undefined }
  const spoken = spokenOn(app.container, port, workload, servicesOf(places, workload), places)
  const says =
    spoken.kind === 'http'
      ? undefined
      : spoken.kind === 'stream'
        ? `speaks ${spoken.what}, according to ${spoken.says}`
        : 'is not declared as HTTP: name the port in its Service like http-api, or set appProtocol: http there, if it is'
  return { app: { ...app, tcp: says !== undefined }, says }
}

function hasOwnHook({ container }: AppPort): boolean {
  const { kind } = preStopOf(container)
  return kind === 'cuts' || kind === 'other'
}

function told(found: readonly Found[]): string[] {
  return found.flatMap(({ app, says }) =>
    says === undefined
      ? []
      : [`lastcall relays port ${app.port} as bytes (protocol=tcp), because it ${says}`],
  )
}
