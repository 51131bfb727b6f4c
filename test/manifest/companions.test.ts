/** Containers beside the app, which it needs to answer requests: they are not stopped before it. */
import tap from 'tap'
import { parseAllDocuments } from 'yaml'
import { found, injected, injection } from '../fixtures/manifest.ts'

const pod = (containers: string, annotations = '{}') => `kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop }, annotations: ${annotations} }
    spec:
      containers:
        - name: nginx
          image: nginx:1.29
          ports: [{ name: http, containerPort: 80 }]
          readinessProbe: { httpGet: { path: /, port: http } }
${containers}---
kind: Service
metadata: { name: shop }
spec:
  selector: { app: shop }
  ports: [{ port: 80, targetPort: http }]
---
kind: PodDisruptionBudget
metadata: { name: shop }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: shop } } }
`
const PHP = '        - name: php\n          image: php:8.4-fpm\n          ports: [{ containerPort: 9000 }]\n'
const PROBED = `${PHP}          livenessProbe: { tcpSocket: { port: 9000 } }\n`
const HOOKED = `${PHP}          lifecycle: { preStop: { exec: { command: [sleep, "20"] } } }\n`

interface Hooked {
  readonly name: string
  readonly lifecycle?: { readonly preStop: object }
}
const containers = (text: string): Hooked[] =>
  (parseAllDocuments(text)[0]!.toJS() as { spec: { template: { spec: { containers: Hooked[] } } } }).spec
    .template.spec.containers
const rules = (text: string) => found(text).map(({ rule, message }) => `${rule}: ${message}`)

void tap.test('a container that the app may need waits for the same hook', async (t) => {
  const after = injected(pod(PHP), '--token=secret')
  const [nginx, php] = containers(after)
  t.match(nginx?.lifecycle, { preStop: { httpGet: { path: '/prestop/app', port: 9099 } } })
  t.same(php?.lifecycle, nginx?.lifecycle, 'with the token')
  t.same(rules(after), [])
  t.equal(injected(after, '--token=secret'), after)
  t.equal(injected(after, '--remove'), pod(PHP))
})

void tap.test('a plain lastcall holds it, too', async (t) => {
  t.match(containers(injected(pod(PHP), '--mode=plain')), [
    { name: 'lastcall', lifecycle: undefined },
    { name: 'nginx', lifecycle: { preStop: {} } },
    { name: 'php', lifecycle: { preStop: { httpGet: { path: '/prestop/app' } } } },
  ])
})

void tap.test(
  'one that a probe can restart alone gets no hook: it would drain the pod; that is told',
  async (t) => {
    for (const probed of [PROBED, PROBED.replace('liveness', 'startup')]) {
      const result = injection(pod(probed))
      t.match(result, {
        kind: 'text',
        remarks: [
          /Deployment shop: container php gets no hook, because a failed probe of it would drain the whole pod/,
        ],
      })
      const after = injected(pod(probed))
      t.equal(containers(after)[1]?.lifecycle, undefined)
      t.match(rules(after), [/^helper-stops-first: .*: container php has no preStop$/])
    }
  },
)

void tap.test('a hook of its own stays, and a native sidecar needs none', async (t) => {
  const kept = injected(pod(HOOKED))
  t.same(containers(kept)[1]?.lifecycle, { preStop: { exec: { command: ['sleep', '20'] } } })
  t.same(rules(kept), [])
  const native = pod('').replace(
    '      containers:',
    '      initContainers:\n        - { name: proxy, image: proxy, restartPolicy: Always }\n      containers:',
  )
  const after = injected(native)
  t.match(after, /- \{ name: proxy, image: proxy, restartPolicy: Always \}\n/)
  t.same(rules(after), [])
})

void tap.test('without lastcall nothing is held, and nothing is found', async (t) => {
  t.same(
    found(pod(PHP)).map(({ rule }) => rule),
    ['nothing-drains'],
  )
})

const dapr = (more = '') => pod('', `{ dapr.io/enabled: "true"${more} }`)

void tap.test('daprd is not in the manifest, and stops all the same', async (t) => {
  t.match(injection(dapr()), {
    remarks: [/daprd, which Dapr adds to the pod, is stopped while the app still/],
  })
  t.match(rules(injected(dapr())), [/^helper-stops-first: .*: daprd/])
  for (const fine of [', dapr.io/block-shutdown-duration: 40s', ', dapr.io/enable-native-sidecar: "true"'])
    t.same(rules(injected(dapr(fine))), [], fine)
  t.same(rules(injected(dapr().replace('dapr.io/enabled: "true"', 'dapr.io/enabled: "false"'))), [])
})
