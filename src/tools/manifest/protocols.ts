/**
 * The protocol of a port of a pod, according to manifests: from appProtocol of a Service, the probes of the container,
 * names of ports, its image, well-known numbers, and certificates among its arguments, in this order, the most certain
 * first. Pure. protocol-tables.ts says what each name, number and image stands for.
 */
import {
  HTTP_NAMES,
  IMAGES,
  NAMES,
  NUMBERS,
  SERVER_KEY,
  TLS_BACKENDS,
  TRUSTS_LOOPBACK,
} from './protocol-tables.ts'
import { routeBackends } from './routes.ts'
import { at, list, text } from './tree.ts'
import { servicePorts } from './services-of.ts'
import { ownPort, portsOf, type Container, type Place, type Workload } from './workload.ts'

export type Spoken =
  /** HTTP/1.1 or HTTP/2 in the clear. */
  | { readonly kind: 'http' }
  /** Another protocol over TCP; `what` is its name, `says` the evidence. */
  | {
      readonly kind: 'stream'
      readonly what: string
      readonly says: string
      /** Why its connections must not come from loopback, if the app trusts those. */
      readonly trust?: string
    }
  /** The manifests do not say. */
  | { readonly kind: 'unsaid' }

/**
 * The protocol of a port of a container; `services` are the Services of the workload, `places` all objects. If lastcall is
 * already in front, Services target its port, `front`.
 */
export function spokenOn(
  container: Container,
  port: number,
  workload: Workload,
  services: readonly Place[],
  places: readonly Place[],
  front = port,
): Spoken {
  const ports = services.flatMap((service) =>
    servicePorts(service, workload).flatMap((one) =>
      one.number === port || one.number === front
        ? [{ ...one, protocol: appProtocol(service, one.index) }]
        : [],
    ),
  )
  for (const { protocol } of ports) {
    const found = protocol === undefined ? undefined : byProtocol(protocol)
    if (found !== undefined) return found
  }
  const probed = byProbe(container, port)
  if (probed !== undefined) return probed
  const balanced = ports.length === 0 ? undefined : byBalancer(services, places)
  if (balanced !== undefined) return balanced
  const own = portsOf(container).find((one) => one.number === port)
  const moved = workload.sidecar && portsOf(workload.sidecar).find((one) => one.number === front)
  // inject has moved the name of the app's port to lastcall, and renamed the app's port.
  const renamed = own?.name !== undefined && GIVEN_NAMES.test(own.name)
  const names = [renamed ? moved?.name : own?.name, ...ports.map(({ name }) => name)]
  const said = names.flatMap((name) => (name === undefined ? [] : (byName(name) ?? [])))
  const sure = said.find((one) => one.kind !== 'stream' || one.what !== 'TCP')
  if (sure !== undefined) return sure
  // lastcall's port may have the former name of the app's port; in manual setups it is usually called http.
  const inherited = moved?.name === undefined ? undefined : byName(moved.name)
  if (inherited?.kind === 'stream') return inherited
  const known = byImage(container, port) ?? byNumber(port) ?? byKey(container) ?? UNSAID
  // The name tcp is less specific than the image or the number: PostgreSQL is TCP as well.
  return known.kind === 'unsaid' ? (said[0] ?? known) : known
}

function byBalancer(services: readonly Place[], places: readonly Place[]): Spoken | undefined {
  const leading = routeBackends(places)
  const routes = services.flatMap(({ item }) => leading.get(item) ?? []).map(({ place }) => place)
  for (const { item } of [...services, ...routes])
    for (const [annotation, value] of TLS_BACKENDS)
      if (value.test(text(at(item.value, 'metadata', 'annotations', annotation)) ?? ''))
        return stream('TLS', `the annotation ${annotation}`)
  return undefined
}

/** Names that inject gives to an app's port after its own name has moved to lastcall. */
const GIVEN_NAMES = /^(app|app-http|lastcall-app|app-\d+)$/

function appProtocol(service: Place, index: number): string | undefined {
  return text(at(list(at(service.item.value, 'spec', 'ports'))[index], 'appProtocol'))
}

/** appProtocol is an IANA name, or a name with a domain; one that is unknown here is at least not known to be HTTP. */
function byProtocol(protocol: string): Spoken | undefined {
  const word = protocol.toLowerCase().replace(/^kubernetes\.io\//, '')
  if (HTTP_NAMES.has(word)) return { kind: 'http' }
  const says = `appProtocol ${protocol}`
  return stream(NAMES[word] ?? (word.includes('/') ? 'another protocol' : undefined), says)
}

/** An httpGet or grpc probe shows the protocol. */
function byProbe(container: Container, port: number): Spoken | undefined {
  const probes = ['readinessProbe', 'livenessProbe', 'startupProbe'].map((key) => container.value[key])
  const get = probes
    .map((probe) => at(probe, 'httpGet'))
    .find((one) => one !== undefined && ownPort(container, at(one, 'port')) === port)
  if (get !== undefined)
    return text(at(get, 'scheme'))?.toUpperCase() === 'HTTPS' ? stream('TLS', 'its probe') : { kind: 'http' }
  const grpc = probes.some((probe) => ownPort(container, at(probe, 'grpc', 'port')) === port)
  return grpc ? { kind: 'http' } : undefined
}

/**
 * `redis`, `http-web`, `tls-mongo`, `web-https`: the whole name, its part before the first dash, or after the last; TCP
 * and TLS anywhere (`echo-tcp-plain`).
 */
function byName(name: string): Spoken | undefined {
  const said = name.toLowerCase()
  // OpenShift's tools give this name to every port of an image, whatever its protocol.
  if (/^\d+-tcp$/.test(said)) return undefined
  const [first = '', last = ''] = [said.split('-', 1)[0], said.split('-').at(-1)]
  const words = [said, first, last, ...said.split('-').filter((word) => word === 'tcp' || word === 'tls')]
  const known = words.flatMap((word) =>
    Object.hasOwn(NAMES, word) ? NAMES[word]! : HTTP_NAMES.has(word) ? 'HTTP' : [],
  )
  // `tcp-web` is more specific than TCP.
  const found = known.find((what) => what !== 'TCP') ?? known[0]
  // Metrics are scraped by HTTP. (`webhook` says nothing: those of the API server are TLS, others are not.)
  const http = /^(http|grpc)|metric|prom/.test(said)
  if (http && (found === undefined || found === 'TCP')) return { kind: 'http' }
  if (found === undefined) return undefined
  return found === 'HTTP' ? { kind: 'http' } : stream(found, `the name ${name} of its port`)
}

function byImage({ value }: Container, port: number): Spoken | undefined {
  const image = (text(value['image']) ?? '').replace(/@.*$/, '')
  const known = IMAGES.find(([pattern, own]) => own === port && pattern.test(image))
  return known === undefined ? undefined : stream(known[2], `its image ${image}`)
}

function byNumber(port: number): Spoken | undefined {
  return stream(NUMBERS[port], `port ${port}`)
}

/** A server that is given a private key of its own, and of which nobody says that it speaks HTTP in the clear. */
function byKey({ value }: Container): Spoken | undefined {
  const words = [...list(value['command']), ...list(value['args'])].flatMap((word) => text(word) ?? [])
  const flag = words.map((word) => SERVER_KEY.exec(word)?.[0]).find((found) => found !== undefined)
  return flag === undefined ? undefined : stream('TLS', `the argument ${flag}`)
}

const UNSAID: Spoken = { kind: 'unsaid' }

function stream(what: string | undefined, says: string): Spoken | undefined {
  if (what === undefined) return undefined
  const trust = TRUSTS_LOOPBACK[what]
  return { kind: 'stream', what, says, ...(trust !== undefined && { trust }) }
}
