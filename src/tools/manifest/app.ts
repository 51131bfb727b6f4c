/**
 * Which container of a workload is the app, and on which port it listens: from what is said, never a guess. Where it
 * cannot be told, a sentence says what to give. Pure.
 */
import { parseApp } from '../../proxy/config/address.ts'
import { forOperators, onlyMeasures } from './names.ts'
import { spokenOn } from './protocols.ts'
import { settingsIn, type Settings } from './settings.ts'
import { at, text } from './tree.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { appsOf, ownPort, portsOf, variable, type Container, type Place, type Workload } from './workload.ts'

export interface App {
  readonly container: Container
  readonly port: number
}

export type AppReading =
  | { readonly kind: 'app'; readonly app: App }
  | { readonly kind: 'unknown'; readonly why: string }

/** Usual names of ports that receive requests. */
const TRAFFIC_NAMES = new Set(['http', 'web', 'grpc', 'h2c', 'http1', 'http2', 'api'])

/** Finds the app of a workload from the input; `given` are the options of the command line. */
export function findApp(
  workload: Workload,
  places: readonly Place[],
  given: Settings,
  containerName?: string,
): AppReading {
  const apps = appsOf(workload)
  const named = apps.find(({ name }) => name === containerName)
  if (containerName !== undefined && named === undefined)
    return unknown(`has no container ${containerName}; --container must be one of ${namesOf(apps)}`)
  const port = findPort(workload, named === undefined ? apps : [named], places, given)
  if (typeof port === 'string') return unknown(port)
  const container =
    named ??
    apps.find((one) => portsOf(one).some(({ number }) => number === port)) ??
    (apps.length === 1 ? apps[0] : apps.find((one) => probedPort(one) === port || listenPort(one) === port))
  if (container === undefined)
    return unknown(
      `has several containers, and none of them declares port ${port}; add --container NAME, one of ${namesOf(apps)}`,
    )
  return { kind: 'app', app: { container, port } }
}

function findPort(
  workload: Workload,
  apps: readonly Container[],
  places: readonly Place[],
  given: Settings,
): number | string {
  const said = given.get('app') ?? appOfSidecar(workload)
  if (said !== undefined) {
    const address = parseApp(said)
    if (address.kind === 'bad') return `--app ${said}: ${address.why}`
    if (address.value.kind === 'unix')
      return `--app ${said}: inject cannot share a socket between containers; add the sidecar manually (k8s/README.md), or let the app listen on a port`
    return address.value.port
  }
  const declared = apps.flatMap(portsOf)
  const served = servicesOf(places, workload)
    .flatMap((service) => servicePorts(service, workload))
    .flatMap(({ number }) => number ?? [])
  const known = apps.flatMap((one) => listenPort(one) ?? [])
  const traffic = declared.filter(({ name }) => name !== undefined && TRAFFIC_NAMES.has(name))
  const sources = [served, known, traffic.map(({ number }) => number), declared.map(({ number }) => number)]
  for (const source of sources) {
    const [port, ...others] = new Set(source)
    if (port === undefined) continue
    if (others.length === 0) return port
    const likely = likelyPort([port, ...others], workload, apps, places)
    if (likely !== undefined) return likely
    const ports = [port, ...others].join(', ')
    return `has several ports (${ports}), and it is ambiguous which one serves requests; add --app 127.0.0.1:PORT`
  }
  return 'does not say on which port its app listens (no containerPort, and no Service in the input); add --app 127.0.0.1:PORT, or leave it out with --name OTHERS'
}

/**
 * The one of several ports that receives requests: not one for operators (metrics, health), and not one that speaks TLS
 * if another does not; of the rest, the one named http or web. Requests on the other ports bypass lastcall, and a remark
 * says so. Undefined if several ports remain.
 */
function likelyPort(
  ports: readonly number[],
  workload: Workload,
  apps: readonly Container[],
  places: readonly Place[],
): number | undefined {
  const services = servicesOf(places, workload)
  const declared = apps.flatMap(portsOf)
  const namesOfPort = (port: number) => [
    ...declared.flatMap((one) => (one.number === port ? (one.name ?? []) : [])),
    ...services.flatMap((service) =>
      servicePorts(service, workload).flatMap((one) => (one.number === port ? (one.name ?? []) : [])),
    ),
  ]
  const clients = ports.filter((port) => !namesOfPort(port).some(forOperators))
  if (clients.length === 1) return clients[0]
  const speaks = (port: number) => {
    const container = declared.find((one) => one.number === port)?.container ?? apps[0]
    const spoken = container && spokenOn(container, port, workload, services, places)
    return spoken?.kind === 'stream' ? spoken.what : 'HTTP'
  }
  const clear = clients.filter((port) => speaks(port) !== 'TLS')
  if (clear.length < 2) return clear[0]
  // A broker or a database is not its console.
  if (clear.some((port) => !['HTTP', 'TCP'].includes(speaks(port)))) return undefined
  for (const main of MAIN_NAMES) {
    const [first, second] = clear.filter((port) => namesOfPort(port).some((name) => main.test(name)))
    if (first !== undefined) return second === undefined ? first : undefined
  }
  return undefined
}

/** Usual names of the main port, the plainest first. */
const MAIN_NAMES = [/^(http|web|main|rest|api)$/i, /^(http|web)-|-(http|web)$/i]

/** Why an app needs no lastcall: its port is only for metrics or health checks, and the user did not name it. */
export function onlyMeasured(
  workload: Workload,
  places: readonly Place[],
  { container, port }: App,
  asked: { readonly given: Settings; readonly container: string | undefined },
): string | undefined {
  if (workload.sidecar !== undefined || asked.given.has('app') || asked.container !== undefined)
    return undefined
  const own = portsOf(container).find((one) => one.number === port)?.name
  const served = servicesOf(places, workload).flatMap((service) =>
    servicePorts(service, workload).flatMap((one) => (one.number === port ? [one.name] : [])),
  )
  // Of a port that its container does not name, its Services may say it.
  const name = own ?? (served.every(onlyMeasures) ? served[0] : undefined)
  return onlyMeasures(name)
    ? `is left alone: its port ${port} (${name}) is for metrics or health checks, where no client loses a request; --app 127.0.0.1:${port} injects it anyway`
    : undefined
}

function appOfSidecar({ sidecar }: Workload): string | undefined {
  return settingsIn(sidecar).get('app')
}

/** The port of an app whose image is known. */
export function listenPort(container: Container): number | undefined {
  if (!isPostgrest(container)) return undefined
  return Number(variable(container, 'PGRST_SERVER_PORT') ?? 3000)
}

export function isPostgrest({ value }: Container): boolean {
  return /(^|\/)postgrest([:@]|$)/.test(text(value['image']) ?? '')
}

/** The port of its readinessProbe. */
export function probedPort(container: Container): number | undefined {
  const probe = at(container.value, 'readinessProbe')
  return ownPort(container, at(probe, 'httpGet', 'port') ?? at(probe, 'tcpSocket', 'port'))
}

function namesOf(containers: readonly Container[]): string {
  return containers.map(({ name }) => name).join(', ')
}

function unknown(why: string): AppReading {
  return { kind: 'unknown', why }
}
