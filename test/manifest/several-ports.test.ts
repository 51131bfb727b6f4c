/** Workloads with several ports to which Services lead: lastcall in front of each, with one sidecar. */
import tap, { type Test } from 'tap'
import { configIn, settingsIn } from '../../src/tools/manifest/settings.ts'
import { workloadOf } from '../../src/tools/manifest/workload.ts'
import { found, injected, injection, input } from '../fixtures/manifest.ts'

interface Parts {
  readonly ports?: string
  readonly more?: string
  readonly containers?: string
  readonly service?: string
  readonly behind?: string
}

const PORTS = `            - { name: http, containerPort: 3000 }
            - { name: grpc, containerPort: 9000 }
`
const SERVICE = `    - { name: http, port: 80, targetPort: http }
    - { name: grpc, port: 9000 }
`
const web = ({ ports = PORTS, more = '', containers = '', service = SERVICE, behind = '' }: Parts = {}) =>
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: example/web:1
          ports:
${ports}${more}${containers}---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports:
${service}${behind}`

function sidecarOf(text: string) {
  const read = input(text)
  const { sidecar } = workloadOf({ input: read, item: read.objects[0]! })!
  return { sidecar, settings: settingsIn(sidecar), config: configIn(sidecar) }
}

const portsIn = (text: string) => sidecarOf(text).settings.get('port')
const errors = (text: string) => found(text).filter(({ severity }) => severity === 'error')
const remarks = (text: string, ...argv: string[]) => {
  const result = injection(text, ...argv)
  return result.kind === 'text' ? result.remarks.join('\n') : 'not injected'
}

function holds(t: Test, text: string, ...argv: string[]): string {
  const after = injected(text, ...argv)
  t.equal(injected(after, ...argv), after, 'a second run changes nothing')
  t.equal(injected(after), after, 'also without the options')
  t.equal(injected(after, '--remove'), text, 'removed to the byte')
  t.same(errors(after), [])
  return after
}

void tap.test('each port that a Service leads to gets a free port of lastcall', async (t) => {
  const after = holds(t, web())
  t.equal(portsIn(after), '8080=3000 18080=9000')
  t.same(
    sidecarOf(after).config?.ports.map(({ listen, app, protocol }) => [
      listen.port,
      app.kind === 'tcp' && app.port,
      protocol,
    ]),
    [
      [8080, 3000, 'auto'],
      [18_080, 9000, 'auto'],
    ],
  )
  t.match(after, /targetPort: grpc/, 'the second port of the Service follows')
  t.match(after, /- name: grpc\n +containerPort: 18080\n/, 'by its name, which old pods have, too')
  t.match(after, /name: app-9000, containerPort: 9000/)
  t.notMatch(remarks(web()), /bypasses lastcall/)
})

void tap.test(
  'ports without names: the Service gets numbers, and the remark names the two steps',
  async (t) => {
    const text = web({
      ports: '            - containerPort: 3000\n            - containerPort: 9000\n',
      service: SERVICE.replace('targetPort: http', 'targetPort: 3000'),
    })
    const after = holds(t, text)
    t.match(after, /port: 80, targetPort: 8080/)
    t.match(after, /name: grpc, port: 9000, targetPort: 18080/)
    t.match(remarks(text), /now sends to port 8080 and 18080, .*--step pods.*--step services/s)
    const pods = injected(text, '--step', 'pods')
    t.match(pods, /name: grpc, port: 9000 \}/, 'the first step leaves Services alone')
    t.equal(portsIn(injected(pods, '--step', 'services')), '8080=3000 18080=9000')
    t.match(injected(pods, '--step', 'services'), /port: 9000, targetPort: 18080/)
    t.equal(injected(injected(pods, '--step', 'services'), '--remove'), text)
  },
)

void tap.test('a port that is not declared as HTTP is relayed as bytes, and so is TLS', async (t) => {
  const ports = `${PORTS}            - { name: raw, containerPort: 5000 }\n            - { name: https, containerPort: 8443 }\n`
  const service = `${SERVICE}    - { name: raw, port: 5000 }\n    - { name: https, port: 443, targetPort: 8443 }\n`
  const text = web({ ports, service })
  const after = holds(t, text)
  t.equal(portsIn(after), '8080=3000 18080=9000 18081=5000,protocol=tcp 18082=8443,protocol=tcp')
  t.match(remarks(text), /port 5000 as bytes.*not declared as HTTP/)
  t.match(remarks(text), /port 8443 as bytes.*TLS/)
})

void tap.test('where several may be the main one, all of them are served', async (t) => {
  const ports =
    '            - { name: api-a, containerPort: 3000 }\n            - { name: api-b, containerPort: 3001 }\n'
  const service =
    '    - { name: http-a, port: 80, targetPort: 3000 }\n    - { name: http-b, port: 81, targetPort: 3001 }\n'
  t.equal(portsIn(holds(t, web({ ports, service }))), '8080=3000 18080=3001')
})

void tap.test(
  'ports for operators, databases that trust loopback and pods behind headless Services stay',
  async (t) => {
    const ports = `${PORTS}            - { name: metrics, containerPort: 9102 }\n            - { name: postgres, containerPort: 5432 }\n`
    const service = `${SERVICE}    - { name: metrics, port: 9102 }\n    - { name: postgres, port: 5432 }\n`
    const behind = `---
apiVersion: v1
kind: Service
metadata: { name: peers }
spec:
  clusterIP: None
  selector: { app: web }
  ports:
    - { name: gossip, port: 7000 }
`
    const text = web({ ports, service, behind })
    t.equal(portsIn(injected(text)), '8080=3000 18080=9000')
    t.match(remarks(text), /port 5432 of Service web leads to 5432 and bypasses lastcall/)
  },
)

void tap.test('two containers, each with a port: each gets the hook', async (t) => {
  const containers = `        - name: api
          image: example/api:1
          ports:
            - { name: grpc, containerPort: 9000 }
`
  const ports = '            - { name: http, containerPort: 3000 }\n'
  const after = holds(t, web({ ports, containers }))
  t.equal(portsIn(after), '8080=3000 18080=9000')
  t.equal(after.match(/path: \/prestop\/app/g)?.length, 2)
  const hooked = `${containers}          lifecycle: { preStop: { exec: { command: [/bin/leave] } } }\n`
  const kept = holds(t, web({ ports, containers: hooked }))
  t.equal(
    sidecarOf(kept).settings.get('app'),
    '127.0.0.1:3000',
    'a hook that does something stays, and its port',
  )
})

void tap.test('a NetworkPolicy gets both ports', async (t) => {
  const behind = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
    - ports:
        - port: http
        - port: 9000
`
  const after = holds(t, web({ behind }))
  t.match(after, /port: 8080\n/)
  t.match(after, /port: 18080\n/)
})

void tap.test('the same ports, where the user says how the app binds all of them', async (t) => {
  const text = web()
  const after = holds(t, text, '--bind-env=HOST')
  t.equal(portsIn(after), '[$(POD_IPS)]:3000=3000 [$(POD_IPS)]:9000=9000')
  t.match(after, /name: HOST\n.*\n? +value: 127.0.0.1/)
  const [, service] = text.split('---\n')
  t.match(after, service!, 'the Service stays as it is')
  t.equal(
    portsIn(injected(text, '--bind-env=HOST=127.0.0.1:3000')),
    '[$(POD_IPS)]:3000=3000 8080=9000',
    'one address is one port',
  )
})

void tap.test('--port on the command line and in the annotation are taken as they are', async (t) => {
  const text = web()
  const after = injected(text, '--port', '8081=3000', '--port=8082=9000,protocol=tcp')
  t.equal(portsIn(after), '8081=3000 8082=9000,protocol=tcp')
  t.equal(injected(after), after)
  t.equal(injected(after, '--remove'), text)
  const noted = text.replace(
    'metadata: { name: web }',
    `metadata: { name: web, annotations: { lastcall.dev/config: '--port=8081=3000 --port=8082=9000' } }`,
  )
  t.equal(portsIn(injected(noted)), '8081=3000 8082=9000')
  const taken = injection(text, '--port', '9000=3000', '--port', '8082=9000')
  t.match(JSON.stringify(taken), /already uses port 9000 \(container web\)/)
  t.match(JSON.stringify(injection(text, '--port', '3000')), /the app is missing/)
})

void tap.test('--app and --listen say that there is one port', async (t) => {
  const after = injected(web(), '--app', '127.0.0.1:3000')
  t.equal(portsIn(after), undefined)
  t.equal(sidecarOf(after).settings.get('app'), '127.0.0.1:3000')
  t.equal(injected(after), after, 'a sidecar with one port keeps it')
  const more = injected(after, '--port', '8080=3000', '--port', '18080=9000')
  t.equal(portsIn(more), '8080=3000 18080=9000', 'and gets several when told so')
  t.equal(sidecarOf(more).settings.get('app'), undefined)
})

void tap.test('the readinessProbe of the app moves to lastcall, whichever port it uses', async (t) => {
  const text = web({ more: '          readinessProbe: { httpGet: { port: grpc, path: /up } }\n' })
  const after = holds(t, text)
  t.equal(sidecarOf(after).settings.get('health'), 'http://127.0.0.1:9000/up')
})
