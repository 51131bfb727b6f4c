/** What an app speaks is told by what its manifests say; what is not HTTP is relayed as bytes, or refused. */
import tap from 'tap'
import { spokenOn } from '../../src/tools/manifest/protocols.ts'
import { servicesOf } from '../../src/tools/manifest/services-of.ts'
import { workloadOf } from '../../src/tools/manifest/workload.ts'
import { placesOf } from '../../src/tools/manifest/whole.ts'
import { found, injected, injection, input } from '../fixtures/manifest.ts'

interface What {
  readonly args?: readonly string[]
  readonly image?: string
  readonly port?: number
  readonly name?: string
  readonly appProtocol?: string
  readonly serviceName?: string
  readonly probe?: object
}

function manifests({
  image = 'web:1',
  port = 3000,
  args = [],
  name,
  appProtocol,
  serviceName,
  probe,
}: What): string {
  const ports = [{ containerPort: port, ...(name && { name }) }]
  const container = { name: 'web', image, args, ports, ...(probe && { readinessProbe: probe }) }
  const metadata = { name: 'web', labels: { app: 'web' } }
  const to = {
    port: 80,
    targetPort: port,
    ...(appProtocol && { appProtocol }),
    ...(serviceName && { name: serviceName }),
  }
  return [
    {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata,
      spec: { template: { metadata, spec: { containers: [container] } } },
    },
    { kind: 'Service', apiVersion: 'v1', metadata, spec: { selector: metadata.labels, ports: [to] } },
  ]
    .map((one) => `${JSON.stringify(one)}\n`)
    .join('---\n')
}

/** What is spoken by these, in a word. */
function spoken(what: What): string {
  const places = placesOf([input(manifests(what))])
  const workload = workloadOf(places[0]!)!
  const [container] = workload.containers
  const result = spokenOn(container!, what.port ?? 3000, workload, servicesOf(places, workload), places)
  return result.kind === 'stream' ? result.what : result.kind
}

void tap.test('by appProtocol, probes, names, images and numbers; the surest first', async (t) => {
  const cases: readonly (readonly [What, string])[] = [
    [{}, 'unsaid'],
    [{ appProtocol: 'kubernetes.io/h2c' }, 'http'],
    [{ appProtocol: 'https' }, 'TLS'],
    [{ appProtocol: 'kubernetes.io/wss' }, 'TLS'],
    [{ appProtocol: 'example.com/own' }, 'another protocol'],
    [{ probe: { httpGet: { port: 3000, scheme: 'HTTPS' } } }, 'TLS'],
    [{ probe: { httpGet: { port: 3001, scheme: 'HTTPS' } } }, 'unsaid'],
    [{ name: 'https', probe: { httpGet: { port: 'https' } } }, 'http'],
    [{ port: 8443, probe: { grpc: { port: 8443 } } }, 'http'],
    [{ name: 'webhook-server' }, 'TLS'],
    [{ name: 'echo-tcp-plain' }, 'TCP'],
    [{ args: ['serve', '--contour-cert-file=/certs/tls.crt'], name: 'xds' }, 'TLS'],
    [{ args: ['--tls-private-key-file', '/certs/tls.key'] }, 'TLS'],
    [{ args: ['--ssl-keyfile=/k'], name: 'http' }, 'http'],
    [{ args: ['--etcd-certfile=/x', '--kubelet-client-tls-cert=/x', '--tls-ca-cert-file=/x'] }, 'unsaid'],
    [{ args: ['--metrics-tls-cert-file=/x', '--webhook-cert-path=/x', '--jwt-key-file=/x'] }, 'unsaid'],
    [{ name: 'query-ui' }, 'http'],
    [{ name: 'https-metrics' }, 'TLS'],
    [{ serviceName: 'tls-mongo' }, 'TLS'],
    [{ name: 'mysql' }, 'MySQL'],
    [{ serviceName: 'tcp-redis' }, 'Redis'],
    [{ name: 'tcp' }, 'TCP'],
    [{ name: 'tcp', port: 5432 }, 'PostgreSQL'],
    [{ name: 'tcp', port: 6379, image: 'redis' }, 'Redis'],
    [{ name: '8081-tcp', port: 8081 }, 'unsaid'],
    [{ name: 'tcp', serviceName: 'http' }, 'http'],
    [{ name: 'tcp-web' }, 'http'],
    [{ name: 'http-mysql' }, 'http'],
    [{ name: 'web', port: 8443 }, 'http'],
    [{ image: 'docker.io/library/redis:7', port: 6379 }, 'Redis'],
    [{ image: 'quay.io/x/mysql-server@sha256:00', port: 3306 }, 'MySQL'],
    [{ image: 'bitnami/rabbitmq:3', port: 15_672 }, 'unsaid'],
    [{ image: 'my/predis-app:1', port: 8080 }, 'unsaid'],
    [{ port: 5432 }, 'PostgreSQL'],
    [{ port: 9443 }, 'TLS'],
    [{ name: 'webhook-api' }, 'unsaid'],
    [{ name: 'webhook-api', port: 8443 }, 'TLS'],
    [{ name: 'tcp-prometheus' }, 'http'],
    [{ image: 'mongo', port: 27_017 }, 'MongoDB'],
  ]
  for (const [what, wanted] of cases) t.equal(spoken(what), wanted, JSON.stringify(what))
})

void tap.test('databases and TLS get --protocol tcp, and a remark says so', async (t) => {
  for (const [what, said] of [
    [
      { image: 'redis:7', port: 6379 },
      /speaks Redis on port 6379 \(according to its image redis:7\): lastcall gets --protocol tcp/,
    ],
    [{ name: 'https', port: 4443 }, /speaks TLS on port 4443 \(according to the name https of its port\)/],
    [
      { probe: { httpGet: { port: 3000, scheme: 'HTTPS' } } },
      /speaks TLS on port 3000 \(according to its probe\)/,
    ],
  ] as const) {
    const text = manifests(what)
    const once = injected(text)
    t.match(injection(text), { kind: 'text', remarks: [said] })
    t.match(once, '--protocol=tcp')
    t.equal(injected(once), once, 'a second run changes nothing')
    t.same(
      found(once).filter(({ rule }) => rule === 'protocol-not-http'),
      [],
    )
    t.notMatch(injected(text, '--protocol=auto'), '--protocol=tcp', 'who knows better is believed')
  }
})

void tap.test('what trusts loopback, needs more than a stream, or is not known, is refused', async (t) => {
  for (const [what, said] of [
    [
      { image: 'postgres:17', port: 5432 },
      /every connection comes from 127\.0\.0\.1: PostgreSQL lets .* without a password.*add --protocol tcp/,
    ],
    [{ port: 25 }, /mail servers relay/],
    [{ name: 'dns-tcp', port: 53 }, /DNS uses UDP/],
    [{ name: 'ftp', port: 21 }, /opens separate connections for data/],
    [
      { appProtocol: 'example.com/own' },
      /another protocol on port 3000 \(according to appProtocol example\.com\/own\)/,
    ],
  ] as const) {
    t.match(injection(manifests(what)), { kind: 'text', left: [{ why: [said] }] }, JSON.stringify(what))
    t.match(injected(manifests(what), '--protocol', 'tcp'), '--protocol=tcp', 'unless the user says so')
  }
})

/** A Deployment with these ports, and no Service. */
const withPorts = (...ports: string[]) =>
  manifests({})
    .replace('"ports":[{"containerPort":3000}]', `"ports":[${ports.join(',')}]`)
    .split('---')[0]!

void tap.test(
  'of several ports the one for clients is chosen, and a remark names those that bypass lastcall',
  async (t) => {
    const app = (...ports: string[]) => /--app=127\.0\.0\.1:\d+/.exec(injected(withPorts(...ports)))?.[0]
    t.equal(
      app('{"containerPort":9100,"name":"metrics"}', '{"containerPort":3000,"name":"main"}'),
      '--app=127.0.0.1:3000',
    )
    t.equal(app('{"containerPort":8443,"name":"https"}', '{"containerPort":3000}'), '--app=127.0.0.1:3000')
    t.equal(
      app('{"containerPort":9999,"name":"rpc"}', '{"containerPort":3000,"name":"http-web"}'),
      '--app=127.0.0.1:3000',
    )
    const two = withPorts('{"containerPort":5000,"name":"http-a"}', '{"containerPort":3000,"name":"http-b"}')
    t.match(injection(two), { left: [{ why: [/several ports/] }] })
    const console = withPorts(
      '{"containerPort":15672,"name":"console-http"}',
      '{"containerPort":5672,"name":"amqp"}',
    )
    t.match(injection(console), { left: [{ why: [/several ports/] }] })
    const broker = withPorts('{"containerPort":15672}', '{"containerPort":5672,"name":"amqp"}')
    t.match(injection(broker), { left: [{ why: [/several ports/] }] }, 'a broker is not its console')
    t.match(injection(withPorts('{"containerPort":5000}', '{"containerPort":3000}')), {
      kind: 'text',
      left: [{ why: [/has several ports \(5000, 3000\)/] }],
    })
  },
)

void tap.test('pods that expose only metrics are left alone', async (t) => {
  const text = withPorts('{"containerPort":9090,"name":"http-metrics"}')
  t.match(injection(text), {
    kind: 'text',
    text,
    left: [],
    remarks: [/^Deployment web is left alone: its port 9090 \(http-metrics\) is for metrics/],
  })
  t.match(injected(text, '--app=127.0.0.1:9090'), '--app=127.0.0.1:9090', 'unless it is asked for')
})

const ingress = (annotation: string, name = 'web') =>
  `---\nkind: Ingress\nmetadata: { name: web, annotations: { ${annotation} } }\nspec: { defaultBackend: { service: { name: ${name}, port: { number: 80 } } } }\n`

void tap.test('by annotations of the Ingress that leads to the Service, or of the Service', async (t) => {
  const tls = 'nginx.ingress.kubernetes.io/backend-protocol: HTTPS'
  t.match(injection(manifests({}) + ingress(tls)), {
    remarks: [
      /speaks TLS on port 3000 \(according to the annotation nginx\.ingress.*backend-protocol\): lastcall gets --protocol tcp/,
    ],
  })
  for (const other of [ingress(tls, 'other'), ingress(tls.replace('HTTPS', 'HTTP'))])
    t.notMatch(injected(manifests({}) + other), '--protocol=tcp')
})

void tap.test(
  'an NFS server is refused: it would see loopback and a high port in place of its clients',
  async (t) => {
    for (const what of [{ port: 2049 }, { name: 'nfs' }])
      t.match(injection(manifests(what)), {
        left: [{ why: [/speaks NFS on port .*: NFS servers grant exports by the address of the client/] }],
      })
  },
)
