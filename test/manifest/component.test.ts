/**
 * The Kustomize component, built by the real kustomize: it does what inject does, and takes nothing away silently.
 * Skipped where there is neither kustomize nor a kubectl that has it.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { file, folder } from '../fixtures/folder.ts'
import { kustomizes, type Kustomize } from '../fixtures/kustomize.ts'
import { found, injected, K8S, manifest } from '../fixtures/manifest.ts'

/** The example without what only inject does: it knows the app's readinessProbe and the name of its port. */
const BEFORE = manifest('examples/nginx.before.yaml')
  .replace(/ {10}readinessProbe:.*?(?= {10}livenessProbe)/s, '')
  .replaceAll('port: http', 'port: 3000')
  .replace('targetPort: http', 'targetPort: 3000')
  .replace('- name: http\n              containerPort: 80', '- containerPort: 3000')

const EXTERNAL = `---
apiVersion: v1
kind: Service
metadata: { name: elsewhere }
spec: { type: ExternalName, externalName: www.example.com }
`

/** What a kustomization with these resources, this component and these patches has. */
function build(t: Test, by: Kustomize, component: string, resources: string, patches = '') {
  const place = folder(t)
  cpSync(fileURLToPath(new URL('component/', K8S)), join(place, 'component'), { recursive: true })
  file(place, 'app.yaml', resources)
  file(place, 'kustomization.yaml', `resources: [app.yaml]\ncomponents: [${component}]\n${patches}`)
  return by.build(place)
}

/** By kind and name, without annotations; the options of lastcall, which are flags or variables, as one kind of text. */
function objects(text: string): Record<string, unknown> {
  const all = parseAllDocuments(text).map((one) => one.toJS() as { kind: string; metadata: { name: string } })
  return Object.fromEntries(all.map((one) => [`${one.kind} ${one.metadata.name}`, plain(one)]))
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (key === 'annotations') return undefined
      if (typeof inner !== 'object' || inner === null || !('readinessProbe' in inner)) return inner
      const { args: _, env: __, ...rest } = inner as Record<string, unknown>
      return rest
    }),
  )
}

const rules = (text: string) => found(text).map(({ rule }) => rule)
const ROOM = ['grace-period-short']

const tools = kustomizes()
if (tools.length === 0)
  void tap.test('the component', { skip: 'no kustomize and no kubectl 1.21 on this machine' }, async () => {})

for (const by of tools)
  for (const [component, mode] of [
    ['component', 'native'],
    ['component/plain', 'plain'],
  ] as const) {
    const name = `${by.name}, ${component}:`
    void tap.test(`${name} what inject --mode ${mode} makes, but for variables`, async (t) => {
      const { code, out } = build(t, by, component, BEFORE)
      t.equal(code, 0)
      t.same(rules(out), ROOM, 'check finds no more than that 30 s are little')
      const wanted = injected(BEFORE, '--mode', mode, '--grace-period=30s').replace(
        /^ *# Must equal --grace-period.*\n.*terminationGracePeriodSeconds: 30\n/m,
        '',
      )
      t.same(objects(out), objects(wanted))
      const stateful = BEFORE.replace('kind: Deployment', 'kind: StatefulSet').replace(
        / {2}strategy:.*?(?= {2}template)/s,
        '',
      )
      t.same(rules(build(t, by, component, stateful).out), ROOM)
    })

    void tap.test(`${name} an object can stay as it is, and an option can be another`, async (t) => {
      const marked = BEFORE.replaceAll(
        'metadata:\n  name: nginx\n',
        'metadata:\n  name: nginx\n  annotations: { lastcall.dev/inject: "false" }\n',
      )
      t.same(objects(build(t, by, component, marked).out), objects(marked))
      const list = mode === 'native' ? 'initContainers' : 'containers'
      const patch = `patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: nginx }
      spec: { template: { spec: { ${list}: [{ name: lastcall, env: [{ name: LASTCALL_APP, value: "127.0.0.1:8000" }] }] } } }
`
      const moved = BEFORE.replace('containerPort: 3000', 'containerPort: 8000').replaceAll(
        'port: 3000',
        'port: 8000',
      )
      t.same(rules(build(t, by, component, moved, patch).out), ROOM, 'a patch by name')
    })

    void tap.test(`${name} a lifecycle of the app is never replaced silently`, async (t) => {
      for (const own of ['postStart: { exec: { command: [/warm] } }', 'preStop: { sleep: { seconds: 5 } }']) {
        const text = BEFORE.replace('          ports:', `          lifecycle: { ${own} }\n          ports:`)
        t.match(build(t, by, component, text), { code: 1, out: '', err: /containers\/0\/lifecycle failed/ })
      }
    })

    void tap.test(
      `${name} Services without ports do not break the build, and others keep theirs`,
      async (t) => {
        const second = BEFORE.replace(
          'targetPort: 3000',
          'targetPort: 3000\n    - name: more\n      port: 81\n      targetPort: 81',
        )
        const { code, out } = build(t, by, component, second + EXTERNAL)
        t.equal(code, 0)
        const built = objects(out) as Record<string, { spec: object }>
        t.match(built['Service elsewhere']?.spec, {
          type: 'ExternalName',
          externalName: 'www.example.com',
          ports: [],
        })
        t.match(built['Service nginx']?.spec, {
          ports: [
            { port: 80, targetPort: 8080 },
            { name: 'more', port: 81, targetPort: 81 },
          ],
        })
        t.notMatch(out, 'port: 0', 'the port that was put there for the build is gone')
      },
    )

    void tap.test(`${name} a grace period of 300 s stays, and check says what to do with it`, async (t) => {
      const long = BEFORE.replace(
        '      containers:',
        '      terminationGracePeriodSeconds: 300\n      containers:',
      )
      const { out } = build(t, by, component, long)
      t.match(out, 'terminationGracePeriodSeconds: 300')
      t.match(found(out), [{ rule: 'grace-period-differs', message: /is 300; --grace-period is 30s/ }])
    })

    void tap.test(`${name} an app on another port than 3000 is an error of check`, async (t) => {
      const other = BEFORE.replace('containerPort: 3000', 'containerPort: 9898').replaceAll(
        'port: 3000',
        'port: 9898',
      )
      const { code, out } = build(t, by, component, other)
      t.equal(code, 0)
      t.match(
        found(out).filter(({ severity }) => severity === 'error'),
        [{ rule: 'app-port-nowhere', message: /sends to port 3000; the containers declare 9898/ }],
      )
    })
  }
