/** Bundles of which some workloads cannot be injected: the rest is done, and what was left out is told. */
import tap from 'tap'
import { injected, injection, manifest } from '../fixtures/manifest.ts'

const GOOD = manifest('examples/nginx.before.yaml')
const deployment = (name: string, app: string, ports = '') => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  template:
    metadata: { labels: { app: ${app} } }
    spec:
      containers:
        - name: ${name}
          image: example/${name}:1
${ports}`
const SILENT = deployment('worker', 'worker')

void tap.test('what cannot be injected is left as it is, and the rest is done', async (t) => {
  const result = injection(`${SILENT}---\n${GOOD}`)
  t.match(result, {
    kind: 'text',
    left: [
      {
        why: [/^Deployment worker does not say on which port its app listens/],
        line: 'lastcall inject -f test.yaml --name deployment/worker --app 127.0.0.1:PORT',
      },
    ],
  })
  t.equal(injected(`${SILENT}---\n${GOOD}`), `${SILENT}---\n${injected(GOOD)}`)
})

void tap.test(
  '--strict refuses all; without it even an input in which nothing can be done comes through',
  async (t) => {
    t.match(injection(`${SILENT}---\n${GOOD}`, '--strict'), { kind: 'refused', left: [{ why: [/worker/] }] })
    t.match(injection(SILENT), { kind: 'text', left: [{ why: [/worker/] }] })
    t.equal(injected(SILENT), SILENT)
    t.match(injection(GOOD, '--strict').kind, 'text')
  },
)

void tap.test('objects without containers are left alone, and that is no error', async (t) => {
  const rollout = `kind: Rollout
metadata: { name: r }
spec: { workloadRef: { kind: Deployment, name: d } }
`
  const empty = `kind: ReplicaSet
metadata: { name: e }
spec: { selector: {} }
`
  const result = injection(`${rollout}---\n${empty}---\n${GOOD}`, '--strict')
  t.match(result, {
    kind: 'text',
    left: [],
    remarks: [
      /Rollout r is left alone: it takes its pods from Deployment d \(workloadRef\)/,
      /ReplicaSet e is left alone: it has no containers/,
    ],
  })
  t.equal(injected(rollout), rollout, 'also if there is nothing else')
})

void tap.test('an alias leaves out the one workload that has it', async (t) => {
  const shared = `x: &ports
  - { containerPort: 80, name: http }
kind: Pod
metadata: { name: p }
spec:
  containers:
  - name: a
    ports: *ports
`
  t.match(injection(`${shared}---\n${GOOD}`), {
    kind: 'text',
    left: [{ why: [/^Pod p: spec\.containers\[0\]\.ports.* comes from a YAML alias or a merge/] }],
  })
  t.equal(injected(`${shared}---\n${GOOD}`), `${shared}---\n${injected(GOOD)}`)
})

void tap.test(
  'a Service that also sends to a workload without lastcall is not moved away from it',
  async (t) => {
    const ports = '          ports: [{ containerPort: 3000 }]\n'
    const service = `---
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 3000 }] }
`
    const stable = deployment('stable', 'web', ports)
    const canary = deployment(
      'canary',
      'web',
      `${ports}          lifecycle: { preStop: { exec: { command: [/bin/stop] } } }\n`,
    )
    const result = injection(`${stable}---\n${canary}${service}---\n${GOOD}`)
    t.match(result, {
      kind: 'text',
      left: [
        { why: [/^Deployment canary has its own preStop/] },
        {
          why: [/^Deployment stable: Service web also sends to Deployment canary, which is not injected/],
        },
      ],
    })
    t.equal(
      injected(`${stable}---\n${canary}${service}---\n${GOOD}`),
      `${stable}---\n${canary}${service}---\n${injected(GOOD)}`,
    )
  },
)

void tap.test('workloads that need different ports of one Service are left out together', async (t) => {
  const service = `---
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 3000 }] }
`
  const a = deployment('a', 'web', '          ports: [{ containerPort: 3000 }]\n')
  const b = deployment('b', 'web', '          ports: [{ containerPort: 3000, name: http }]\n')
  t.match(injection(`${a}---\n${b}${service}---\n${GOOD}`), {
    kind: 'text',
    left: [
      { why: [/Service web sends to several workloads/] },
      { why: [/Service web sends to several workloads/] },
    ],
  })
})

void tap.test(
  'a port that only its Service calls metrics is left alone, as one that its container calls so',
  async (t) => {
    const text = `${deployment('job', 'job', '          ports: [{ containerPort: 9999 }]\n')}---
kind: Service
metadata: { name: job }
spec: { selector: { app: job }, ports: [{ name: metrics, port: 9999 }] }
`
    t.match(injection(text), {
      text,
      left: [],
      remarks: [/Deployment job is left alone: its port 9999 \(metrics\) is for metrics or health checks/],
    })
    t.match(injected(text.replace('name: metrics', 'name: http')), /name: lastcall/)
    t.match(injected(text, '--app=127.0.0.1:9999'), /name: lastcall/)
  },
)

/** The good one, as an object of another kind. */
const of = (kind: string, apiVersion: string) =>
  GOOD.replace('kind: Deployment', `kind: ${kind}`).replace(
    'apiVersion: apps/v1',
    `apiVersion: ${apiVersion}`,
  )

void tap.test(
  'a pod template of a kind that inject does not know is left alone, and that is told',
  async (t) => {
    const clones = of('CloneSet', 'apps.kruise.io/v1alpha1')
    t.match(injection(clones), {
      text: clones,
      left: [],
      remarks: [
        /^CloneSet nginx is left alone: inject does not know this kind\. Add lastcall .* yourself \(k8s\/README\.md, Manual changes\)/,
      ],
    })
    const knative = of('Service', 'serving.knative.dev/v1')
    t.match(injection(knative), { text: knative, remarks: [/^Service nginx is left alone: it is Knative's/] })
    t.match(injection(of('ReplicationController', 'v1')), { text: /name: lastcall/, left: [] })
    t.same(injection('kind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n'), {
      kind: 'text',
      text: 'kind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n',
      remarks: [],
      left: [],
    })
  },
)
