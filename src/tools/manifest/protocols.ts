/**
 * What is spoken on a port of a pod, as far as manifests tell: by appProtocol of a Service, by the probes of the
 * container, by names of ports, by its image, by well-known numbers; in this order, the surest first. Pure.
 *
 * Sources: appProtocol, Kubernetes' reference of Service (`kubernetes.io/h2c`, `/ws`, `/wss`, IANA names) and Istio's
 * "Protocol Selection" (names of ports: `<protocol>[-<suffix>]`); numbers, IANA's Service Name and Transport Protocol
 * Port Number Registry; images, their own documentation (the port that each exposes).
 */
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

/** By a name (of a port, an appProtocol): what it stands for. */
const NAMES: Readonly<Record<string, string>> = {
  https: 'TLS',
  tls: 'TLS',
  ssl: 'TLS',
  wss: 'TLS',
  grpcs: 'TLS',
  h2: 'TLS',
  'https-webhook': 'TLS',
  'webhook-server': 'TLS',
  'webhook-https': 'TLS',
  ldaps: 'TLS',
  tcp: 'TCP',
  amqp: 'AMQP',
  amqps: 'TLS',
  bolt: 'Bolt',
  cql: 'CQL',
  cassandra: 'CQL',
  dns: 'DNS',
  'dns-tcp': 'DNS',
  domain: 'DNS',
  ftp: 'FTP',
  imap: 'IMAP',
  kafka: 'Kafka',
  ldap: 'LDAP',
  memcache: 'memcached',
  memcached: 'memcached',
  mongo: 'MongoDB',
  mongodb: 'MongoDB',
  mqtt: 'MQTT',
  mssql: 'SQL Server',
  mysql: 'MySQL',
  mysqlx: 'MySQL',
  nats: 'NATS',
  nfs: 'NFS',
  pg: 'PostgreSQL',
  postgres: 'PostgreSQL',
  postgresql: 'PostgreSQL',
  redis: 'Redis',
  rtmp: 'RTMP',
  sftp: 'SSH',
  smtp: 'SMTP',
  sql: 'SQL',
  ssh: 'SSH',
  stomp: 'STOMP',
  syslog: 'syslog',
  thrift: 'Thrift',
  zk: 'ZooKeeper',
  zookeeper: 'ZooKeeper',
}

const HTTP_NAMES = new Set([
  'http',
  'http1',
  'http2',
  'h2c',
  'grpc',
  'ws',
  'web',
  'websocket',
  'rest',
  'graphql',
])

/** By the number of a port. What is not here may be anything. */
const NUMBERS: Readonly<Record<number, string>> = {
  21: 'FTP',
  22: 'SSH',
  25: 'SMTP',
  53: 'DNS',
  143: 'IMAP',
  389: 'LDAP',
  443: 'TLS',
  445: 'SMB',
  465: 'TLS',
  514: 'syslog',
  587: 'SMTP',
  636: 'TLS',
  993: 'TLS',
  1433: 'SQL Server',
  1521: 'Oracle',
  1883: 'MQTT',
  2049: 'NFS',
  2181: 'ZooKeeper',
  3306: 'MySQL',
  4222: 'NATS',
  5432: 'PostgreSQL',
  5672: 'AMQP',
  6379: 'Redis',
  6443: 'TLS',
  7687: 'Bolt',
  8443: 'TLS',
  8883: 'TLS',
  9042: 'CQL',
  9092: 'Kafka',
  9443: 'TLS',
  10_250: 'TLS',
  11_211: 'memcached',
  26_257: 'PostgreSQL',
  27_017: 'MongoDB',
  61_616: 'OpenWire',
}

/** By image: what it speaks on the port that it is known for. Its other ports (consoles, metrics) are not meant. */
const IMAGES: readonly (readonly [image: RegExp, port: number, what: string])[] = [
  [/(^|[/-])(mysql|mariadb|percona)([-:@]|$)/, 3306, 'MySQL'],
  [/(^|[/-])(postgres|postgresql|postgis|timescaledb|pgvector|pgbouncer)([-:@]|$)/, 5432, 'PostgreSQL'],
  [/(^|[/-])(redis|valkey|keydb|dragonfly|redis-stack-server)([-:@]|$)/, 6379, 'Redis'],
  [/(^|[/-])(mongo|mongodb)([-:@]|$)/, 27_017, 'MongoDB'],
  [/(^|\/)(zookeeper|cp-zookeeper)([:@]|$)/, 2181, 'ZooKeeper'],
  [/(^|[/-])memcached([-:@]|$)/, 11_211, 'memcached'],
  [/(^|\/)rabbitmq([:@]|$)/, 5672, 'AMQP'],
  [/(^|\/)(kafka|cp-kafka|redpanda)([:@]|$)/, 9092, 'Kafka'],
  [/(^|\/)(cassandra|scylla)([:@]|$)/, 9042, 'CQL'],
  [/(^|\/)nats([:@]|$)/, 4222, 'NATS'],
  [/(^|\/)openldap([:@]|$)/, 389, 'LDAP'],
  [/(^|\/)(coredns|k8s-dns-kube-dns)([:@]|$)/, 53, 'DNS'],
  [/(^|\/)(eclipse-mosquitto|emqx)([:@]|$)/, 1883, 'MQTT'],
  [/(^|\/)(mssql\/server|azure-sql-edge)([:@]|$)/, 1433, 'SQL Server'],
  [/(^|\/)neo4j([:@]|$)/, 7687, 'Bolt'],
]

/**
 * Servers that trust whoever comes from 127.0.0.1, as their documentation says: with lastcall in front all do.
 * PostgreSQL: pg_hba.conf as initdb and the official image write it ("host all all 127.0.0.1/32 trust"). Postfix:
 * mynetworks has 127.0.0.0/8. (Not RabbitMQ, whose image lets guest in from everywhere; nor MongoDB, whose exception for
 * localhost ends with the first user.)
 */
const TRUSTS_LOOPBACK: Readonly<Record<string, string>> = {
  PostgreSQL: 'PostgreSQL lets connections from 127.0.0.1 in without a password by default',
  SMTP: 'mail servers relay for whoever comes from 127.0.0.1',
}

/**
 * What is spoken on a port of a container; `services` are those that send to the workload. Where lastcall is in front
 * already, Services lead to its port, which is `front`.
 */
export function spokenOn(
  container: Container,
  port: number,
  workload: Workload,
  services: readonly Place[],
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
  const own = portsOf(container).find((one) => one.number === port)
  const moved = workload.sidecar && portsOf(workload.sidecar).find((one) => one.number === front)
  // inject has given the name of the app's port to lastcall, and another one to the port.
  const renamed = own?.name !== undefined && GIVEN_NAMES.has(own.name)
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

/** What inject calls the port of an app whose name has gone over to lastcall. */
const GIVEN_NAMES: ReadonlySet<string> = new Set(['app', 'app-http', 'lastcall-app'])

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
