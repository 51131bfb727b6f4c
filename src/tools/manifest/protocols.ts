/**
 * What is spoken on a port of a pod, as far as manifests tell: by appProtocol of a Service, by the probes of the
 * container, by names of ports, by its image, by well-known numbers; in this order, the surest first.
 * Pure. What each name, number and image stands for is in protocol-tables.ts.
 */
import { HTTP_NAMES, IMAGES, NAMES, NUMBERS, TLS_BACKENDS, TRUSTS_LOOPBACK } from './protocol-tables.ts'
import { routeBackends } from './routes.ts'
import { at, list, text } from './tree.ts'
import { ownPort, portsOf, servicePorts, type Container, type Place, type Workload } from './workload.ts'

export type Spoken =
  /** HTTP/1.1 or HTTP/2 in the clear. */
  | { readonly kind: 'http' }
  /** Something else, which bytes can be relayed of; `what` is its name, `says` who says so. */
  | {
      readonly kind: 'stream'
      readonly what: string
      readonly says: string
      /** Why it must not come from loopback, where the app trusts that. */
      readonly trust?: string
    }
  /** Nobody says. */
  | { readonly kind: 'unsaid' }

/**
 * What is spoken on a port of a container; `services` are those that send to the workload, `places` all objects. Where
 * lastcall is in front already, Services lead to its port, which is `front`.
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
  // inject has given the name of the app's port to lastcall, and another one to the port.
  const renamed = own?.name !== undefined && GIVEN_NAMES.test(own.name)
  const names = [renamed ? moved?.name : own?.name, ...ports.map(({ name }) => name)]
  const said = names.flatMap((name) => (name === undefined ? [] : (byName(name) ?? [])))
  const sure = said.find((one) => one.kind !== 'stream' || one.what !== 'TCP')
  if (sure !== undefined) return sure
  // The name of the app's port may have gone over to lastcall; but whoever adds lastcall by hand calls its port http.
  const inherited = moved?.name === undefined ? undefined : byName(moved.name)
  if (inherited?.kind === 'stream') return inherited
  const known = byImage(container, port) ?? byNumber(port)
  // A name that says TCP, and no more, says less than the image or the number: PostgreSQL is that, too.
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

/** What inject calls the port of an app whose name has gone over to lastcall. */
const GIVEN_NAMES = /^(app|app-http|lastcall-app|app-\d+)$/

function appProtocol(service: Place, index: number): string | undefined {
  return text(at(list(at(service.item.value, 'spec', 'ports'))[index], 'appProtocol'))
}

/** appProtocol is a word of IANA's, or one with a domain; of those that nobody knows nothing follows but that. */
function byProtocol(protocol: string): Spoken | undefined {
  const word = protocol.toLowerCase().replace(/^kubernetes\.io\//, '')
  if (HTTP_NAMES.has(word)) return { kind: 'http' }
  const says = `appProtocol ${protocol}`
  return stream(NAMES[word] ?? (word.includes('/') ? 'another protocol' : undefined), says)
}

/** A probe that asks by HTTP knows, and so does one of gRPC. */
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

/** `redis`, `http-web`, `tls-mongo`, `web-https`: the whole name, what stands before its dash, or behind it. */
function byName(name: string): Spoken | undefined {
  const said = name.toLowerCase()
  // What OpenShift's tools call each port of an image, whatever it speaks.
  if (/^\d+-tcp$/.test(said)) return undefined
  const [first = '', last = ''] = [said.split('-', 1)[0], said.split('-').at(-1)]
  const words = [said, first, last]
  const known = words.flatMap((word) =>
    Object.hasOwn(NAMES, word) ? NAMES[word]! : HTTP_NAMES.has(word) ? 'HTTP' : [],
  )
  // `tcp-web` says more than that it is TCP.
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

function byNumber(port: number): Spoken {
  return stream(NUMBERS[port], `port ${port}`) ?? { kind: 'unsaid' }
}

function stream(what: string | undefined, says: string): Spoken | undefined {
  if (what === undefined) return undefined
  const trust = TRUSTS_LOOPBACK[what]
  return { kind: 'stream', what, says, ...(trust !== undefined && { trust }) }
}
