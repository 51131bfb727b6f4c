/** What names the port of an app from outside goes on working with lastcall on another port, or inject refuses. */
import tap from 'tap'
import { found, injected, injection } from '../fixtures/manifest.ts'

const APP = `kind: Deployment
apiVersion: apps/v1
metadata: { name: web }
spec:
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          ports: [{ containerPort: 3000 }]
`
const SERVICE = `---
kind: Service
apiVersion: v1
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 3000 }] }
`
const policy = (ports: string, more = '') => `---
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata: { name: web }
spec:
  podSelector:
    matchLabels: { app: web }
${more}  ingress:
    - from: [{ podSelector: {} }]
${ports}`

const ids = (text: string) =>
  found(text)
    .map(({ rule }) => rule)
    .filter((id) => /policy|headless|beside|nowhere/.test(id))

void tap.test("a NetworkPolicy that lets the app's port in lets lastcall's in as well", async (t) => {
  const before = `${APP}${SERVICE}${policy('      ports:\n        - port: 3000\n        - port: 9090 # metrics\n')}`
  const after = injected(before)
  t.match(
    after,
    `        - port: 9090 # metrics
        - # The port of lastcall, in front of the app's port 3000.
          protocol: TCP
          port: 8080
`,
  )
  t.same(ids(after), [])
  t.equal(injected(after), after, 'a second run changes nothing')
  t.equal(injected(after, '--remove'), before, 'to the byte')
  t.same(
    ids(after.replace(/ {8}- # The port of lastcall.*\n.*\n.*\n/, '')),
    ['network-policy-blocks'],
    'a manual change that forgets the policy',
  )
  for (const open of [
    policy(''),
    policy('      ports: [{ port: 3000, endPort: 9000 }]\n'),
    policy('      ports: [{ protocol: TCP }]\n'),
    policy('      ports: [{ port: 5353, protocol: UDP }, { port: 9090 }]\n'),
    policy('      ports: [{ port: 3000 }]\n', '  policyTypes: [Egress]\n'),
    policy('      ports: [{ port: 3000 }]\n').replace('app: web', 'app: other'),
  ])
    t.ok(injected(`${APP}${SERVICE}${open}`).endsWith(open), open)
  const all = policy('      ports: [{ port: 3000 }]\n').replace('{ app: web }', '{}')
  const two = `${APP}---\n${APP.replaceAll('web', 'two')}${all}`
  const both = injected(two)
  t.match(both, 'ports: [{ port: 3000 }, { protocol: TCP, port: 8080 }]')
  t.match(
    injected(both, '--remove', '--name', 'two'),
    'ports: [{ port: 3000 }, { protocol: TCP, port: 8080 }]',
    'the other needs it',
  )
  t.equal(injected(injected(both, '--remove', '--name', 'two'), '--remove'), two)
})

void tap.test('policies of others that name the port are said before anything is changed', async (t) => {
  for (const other of [
    'kind: AuthorizationPolicy\nmetadata: { name: p }\nspec: { selector: { matchLabels: { app: web } }, rules: [{ to: [{ operation: { ports: ["3000"] } }] }] }',
    'kind: PeerAuthentication\nmetadata: { name: p }\nspec: { selector: { matchLabels: { app: web } }, portLevelMtls: { "3000": { mode: DISABLE } } }',
    'kind: Server\nmetadata: { name: p }\nspec: { podSelector: { matchLabels: { app: web } }, port: 3000 }',
    'kind: CiliumNetworkPolicy\nmetadata: { name: p }\nspec: { endpointSelector: { matchLabels: { app: web } }, ingress: [{ toPorts: [{ ports: [{ port: "3000" }] }] }] }',
  ]) {
    t.match(injection(`${APP}${SERVICE}---\n${other}`), {
      kind: 'text',
      left: [
        {
          why: [
            /^Deployment web is subject to \w+ p, which names port 3000 but not lastcall's port 8080: add that port there first/,
          ],
        },
      ],
    })
    t.match(injection(`${APP}${SERVICE}---\n${other.replace('app: web', 'app: x')}`), { kind: 'text' })
    t.same(ids(`${injected(`${APP}${SERVICE}`)}---\n${other}`), ['policy-names-app-port'])
  }
})

void tap.test('clients of a headless Service would go past lastcall', async (t) => {
  const headless = SERVICE.replace('selector', 'clusterIP: None, selector').replace('port: 80', 'port: 3000')
  t.match(injection(`${APP}${headless}`), {
    kind: 'text',
    left: [
      {
        why: [/is behind the headless Service web, whose clients connect directly to port 3000 of the pods/],
      },
    ],
  })
  const bound = injected(`${APP}${headless}`, '--bind-env', 'HOST')
  t.ok(bound.endsWith(headless), 'an app that listens on loopback leaves its port to lastcall')
  t.same(ids(bound), [])
  const meant = headless.replace(
    '{ name: web }',
    '{ name: web, annotations: { lastcall.dev/inject: "false" } }',
  )
  t.match(injection(`${APP}${meant}`), { kind: 'text' })
  const peers = headless.replace('name: web', 'name: peers')
  const both = injected(`${APP}${SERVICE}${peers}`)
  t.ok(both.endsWith(peers), 'beside an ordinary Service it is for peers, and stays as it is')
  t.same(ids(both), [])
  t.same(
    found(both).filter(({ severity }) => severity === 'error'),
    [],
    'nor does check take it for a way past lastcall',
  )
  t.same(ids(`${injected(APP)}${headless}`), ['headless-bypasses-sidecar'])
})

void tap.test(
  'remarks name other ports of Services, and a UDP port with the same number does not change',
  async (t) => {
    const ports =
      '[{ name: h3, port: 443, targetPort: 3000, protocol: UDP }, { name: web, port: 80, targetPort: 3000 }, { name: files, port: 81, targetPort: 3001 }, { name: metrics, port: 82, targetPort: 3002 }]'
    const text = `${APP}${SERVICE.replace(/\[.*\]/, ports)}`
    const result = injection(text, '--app=127.0.0.1:3000')
    t.match(result, { kind: 'text' })
    const { remarks, text: after } = result as unknown as { remarks: string[]; text: string }
    t.same(
      remarks.filter((one) => one.includes('bypasses lastcall')),
      [
        'Deployment web: port 81 of Service web leads to 3001 and bypasses lastcall, which does not wait for requests there',
      ],
    )
    t.match(after, 'name: h3, port: 443, targetPort: 3000, protocol: UDP', 'HTTP/3 keeps its endpoints')
    t.match(after, 'name: web, port: 80, targetPort: 8080')
    t.same(ids(after), ['service-port-beside'])
  },
)

const ingress = (port: string) =>
  `---\nkind: Ingress\nmetadata: { name: web }\nspec: { rules: [{ http: { paths: [{ backend: { service: { name: web, port: { ${port} } } } }] } }] }\n`

void tap.test('routes and monitors that name ports', async (t) => {
  const after = injected(`${APP.replace('containerPort: 3000', 'name: http, containerPort: 3000')}${SERVICE}`)
  t.same(ids(after + ingress('number: 80')), [])
  t.same(ids(after + ingress('number: 8080')), ['route-port-nowhere'])
  t.same(ids(after + ingress('name: http')), ['route-port-nowhere'])
  t.same(ids(after + ingress('name: use-annotation')), [], 'an action of the AWS Load Balancer Controller')
  t.same(
    ids(after + ingress('name: http').replace('name: web, port', 'name: other, port')),
    [],
    'a Service of elsewhere',
  )
  const route = `---\nkind: HTTPRoute\nmetadata: { name: web }\nspec: { rules: [{ backendRefs: [{ name: web, port: 3000 }] }] }\n`
  t.same(ids(after + route), ['route-port-nowhere'])
  const monitor = `---\nkind: PodMonitor\nmetadata: { name: web }\nspec: { selector: { matchLabels: { app: web } }, podMetricsEndpoints: [{ port: http }] }\n`
  t.same(ids(after + monitor), [], 'the name has gone over to lastcall, which relays the scrapes')
  t.same(ids(after + monitor.replace('port: http', 'port: prom')), ['monitor-port-nowhere'])
})

void tap.test(
  'lastcall on the port of the app: whatever names it stays right, and nothing is changed',
  async (t) => {
    const app = APP.replace('web:1', 'postgrest/postgrest:v14')
    const around = `${SERVICE.replace('selector', 'clusterIP: None, selector').replace('port: 80', 'port: 3000')}${policy('      ports: [{ port: 3000 }]\n')}---
kind: AuthorizationPolicy
metadata: { name: p }
spec: { selector: { matchLabels: { app: web } }, rules: [{ to: [{ operation: { ports: ["3000"] } }] }] }
`
    const after = injected(app + around)
    t.match(after, '--listen=[$(POD_IPS)]:3000')
    t.ok(after.endsWith(around))
    t.same(ids(after), [])
  },
)
