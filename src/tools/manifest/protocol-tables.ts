/**
 * The protocols that names of ports, port numbers, images and annotations stand for: data only.
 *
 * Sources: appProtocol, Kubernetes' reference of Service (`kubernetes.io/h2c`, `/ws`, `/wss`, IANA names) and Istio's
 * "Protocol Selection" (names of ports: `<protocol>[-<suffix>]`); numbers, IANA's Service Name and Transport Protocol
 * Port Number Registry; images, their own documentation (the port that each exposes).
 */

/** Protocols by name (of a port, or appProtocol). */
export const NAMES: Readonly<Record<string, string>> = {
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

export const HTTP_NAMES = new Set([
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
  'ui',
  'webui',
  'dashboard',
  'zipkin',
  's3',
])

/** Protocols by port number. Other numbers say nothing. */
export const NUMBERS: Readonly<Record<number, string>> = {
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

/**
 * Arguments that give a server its certificate: `--tls-cert-file`, `-ssl_key`, `--contour-cert-file`. Not those of what
 * it calls as a client, nor of its metrics and webhooks, which are other ports.
 */
export const SERVER_KEY =
  /^--?(?!.*(ca[-_.]?cert|client|etcd|kubelet|upstream|backend|metric|webhook|peer))[^=]*?((tls|ssl|https)[-_.]?(private[-_.]?)?(cert|crt|key)|cert(ificate)?[-_.](file|path|pem))[^=]*/i

/** Protocols by image, for the image's main port. Its other ports (consoles, metrics) do not count. */
export const IMAGES: readonly (readonly [image: RegExp, port: number, what: string])[] = [
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
 * Servers that trust connections from 127.0.0.1, according to their documentation: behind lastcall, all connections come
 * from there.
 * PostgreSQL: pg_hba.conf as initdb and the official image write it ("host all all 127.0.0.1/32 trust"). Postfix:
 * mynetworks has 127.0.0.0/8. NFS: exports(5), "Machine Name Formats" and the option `secure`, which is
 * on by default. (Not RabbitMQ, whose image lets guest in from everywhere; nor MongoDB, whose exception for localhost
 * ends with the first user.)
 */
export const TRUSTS_LOOPBACK: Readonly<Record<string, string>> = {
  PostgreSQL: 'PostgreSQL lets connections from 127.0.0.1 in without a password by default',
  SMTP: 'mail servers relay for every client on 127.0.0.1',
  NFS: 'NFS servers grant exports by the address of the client, and by default only to ports below 1024',
}

/** Annotations that tell a controller to speak TLS to a Service, of an Ingress that leads to it or of itself. */
export const TLS_BACKENDS: readonly (readonly [annotation: string, value: RegExp])[] = [
  ['nginx.ingress.kubernetes.io/backend-protocol', /^(HTTPS|GRPCS)$/i],
  ['alb.ingress.kubernetes.io/backend-protocol', /^HTTPS$/i],
  ['haproxy.org/server-ssl', /^true$/i],
  ['traefik.ingress.kubernetes.io/service.serversscheme', /^https$/i],
  ['cloud.google.com/app-protocols', /"HTTPS"/],
]
