/** What a workload says itself of lastcall: annotations that win over the command line; hooks that only wait. */
import tap from 'tap'
import { injected, injection, input } from '../fixtures/manifest.ts'

const web = (name: string, annotations = '', more = '') => `kind: Deployment
apiVersion: apps/v1
metadata:
  name: ${name}${annotations && `\n  annotations:\n${annotations}`}
spec:
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: web:1
          ports: [{ containerPort: 3000 }]${more && `\n          ${more}`}
---
kind: Service
apiVersion: v1
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 3000 }] }
`

interface Container {
  readonly args: string[]
  readonly lifecycle: { preStop: object }
}

/** The arguments of lastcall in the first workload. */
function args(text: string): string[] {
  const { spec } = input(text).objects[0]!.value as unknown as {
    spec: { template: { spec: { initContainers: Container[] } } }
  }
  return spec.template.spec.initContainers[0]!.args
}

void tap.test('lastcall.dev/inject: "false" holds for inject as for Kustomize', async (t) => {
  const out = web('out', '    lastcall.dev/inject: "false"')
  const both = injection(`${web('in')}---\n${out}`)
  t.match(both, { kind: 'text', left: [], remarks: [/^Deployment out is left alone: its annotation/] })
  t.ok(both.kind === 'text' && both.text.endsWith(`---\n${out}`), 'it and its Service are as they were')
  const pod = web('out').replace(
    'labels: { app: out }',
    'annotations: { lastcall.dev/inject: "false" }, labels: { app: out }',
  )
  t.equal(injected(pod), pod, 'in the annotations of the pod, too')
  const service = web('in').replace(
    'metadata: { name: in }\nspec: { selector',
    'metadata: { name: in, annotations: { lastcall.dev/inject: "false" } }\nspec: { selector',
  )
  t.match(injected(service), /targetPort: 3000/, 'a Service says it for itself')
  const shared = `${web('in').replace('labels: { app: in }', 'labels: { app: in, team: a }').replace('selector: { app: in }', 'selector: { team: a }')}---\n${out.replace('labels: { app: out }', 'labels: { app: out, team: a }')}`
  t.match(injection(shared), {
    kind: 'text',
    left: [{ why: [/Service in also sends to Deployment out, which is not injected/] }],
  })
})

void tap.test('annotations of a workload win over flags, so that one run serves a bundle', async (t) => {
  const said =
    '    lastcall.dev/config: >-\n      --app=127.0.0.1:9000 --settle 7s\n      --health=http://127.0.0.1:9000/ --health-header=Host: a.example'
  const own = web('own', said)
  const bundle = injected(`${own}---\n${web('other')}`, '--settle=5s', '--quiet=1s')
  t.match(args(bundle), ['--listen=:8080', '--app=127.0.0.1:9000'])
  for (const one of ['--settle=7s', '--quiet=1s', '--health-header=Host: a.example'])
    t.ok(args(bundle).includes(one), one)
  t.match(bundle, /--settle=5s/, 'the other has what the flags say')
  t.equal(injected(bundle), bundle)
  t.equal(injected(bundle, '--remove'), `${own}---\n${web('other')}`)
  t.match(injection(web('own', '    lastcall.dev/config: --settle=7 --nonsense=1')), {
    kind: 'text',
    left: [
      {
        why: [
          /invalid annotation lastcall\.dev\/config\. --nonsense: unknown flag/,
          /--settle 7: add a unit/,
        ],
      },
    ],
  })
  const two = web('two', '    lastcall.dev/container: second')
    .replace(
      '        - name: web\n',
      '        - name: second\n          image: b:1\n          ports: [{ containerPort: 4000 }]\n        - name: web\n',
    )
    .replace('targetPort: 3000', 'targetPort: 4000')
  t.ok(args(injected(two, '--container=web')).includes('--app=127.0.0.1:4000'), 'the container, too')
})

void tap.test('a preStop that only waits is replaced and told of, however it is written', async (t) => {
  for (const [hook, said] of [
    ['{ sleep: { seconds: 15 } }', 'sleep 15 s'],
    ['{ exec: { command: [sleep, "15"] } }', 'exec \\["sleep","15"\\]'],
    ['{ exec: { command: [/bin/sh, -c, "sleep 15"] } }', 'exec \\["/bin/sh"'],
  ] as const) {
    const text = web('web', '', `lifecycle: { preStop: ${hook} }`)
    const done = injection(text)
    t.match(
      done,
      {
        kind: 'text',
        left: [],
        remarks: [
          new RegExp(`^Deployment web: the preStop of container web \\(${said}.*only waited.*--settle 15s`),
          /.*/,
        ],
      },
      hook,
    )
    t.match(done.kind === 'text' && done.text, /preStop: ?\{ ?httpGet: \{ port: 9099/)
    t.equal(injected(injected(text)), injected(text))
    t.equal(injected(injected(text), '--remove'), text, 'and comes back')
  }
  const own = web(
    'web',
    '',
    'lifecycle: { preStop: { exec: { command: [sh, -c, "sleep 5; nginx -s quit"] } } }',
  )
  t.match(injection(own), {
    kind: 'text',
    left: [{ why: [/has its own preStop in container web \(exec/] }],
  })
})
