/** YAML anchors and aliases: a change that an alias would repeat elsewhere is refused; everything else goes through. */
import tap, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { injected, injection } from '../fixtures/manifest.ts'

/** A Deployment; `pod` and `container` are lines of its pod spec and of its only container. */
const deployment = (container: string, pod = '', metadata = '') => `kind: Deployment
metadata:
  name: web
${metadata}spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
${pod}      containers:
        - name: web
          image: example/web:1
          ports: [{ name: http, containerPort: 3000 }]
${container}`

const PROBE = '{ httpGet: { path: /, port: 3000 } }'

function left(t: Test, text: string, why: RegExp): void {
  t.match(injection(text), { kind: 'text', text, left: [{ why: [why] }] })
}

const repeats = (anchor: string) =>
  new RegExp(`has to change, and the YAML alias \\*${anchor} repeats it elsewhere: write it out in place`)

void tap.test('what an alias repeats elsewhere is not taken away or replaced', async (t) => {
  left(
    t,
    deployment(`          readinessProbe: &probe ${PROBE}\n          livenessProbe: *probe\n`),
    repeats('probe'),
  )
  left(
    t,
    deployment(
      '          readinessProbe:\n            httpGet: &get { path: /, port: 3000 }\n          livenessProbe: { httpGet: *get }\n',
    ),
    repeats('get'),
  )
  left(
    t,
    deployment(
      '          env: [{ name: GRACE, value: *grace }]\n',
      '      terminationGracePeriodSeconds: &grace 5\n',
    ),
    repeats('grace'),
  )
})

void tap.test('a pod that another workload repeats is not changed behind its back', async (t) => {
  const one = deployment('').replace('    spec:\n      containers', '    spec: &pod\n      containers')
  const other = deployment('')
    .replace('name: web', 'name: other')
    .replace(/ {4}spec:\n {6}containers[^]*/, '    spec: *pod\n')
  const items = [one, other].map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`)
  const text = `kind: List\nitems:\n${items.join('')}`
  t.match(injection(text), {
    text,
    left: [
      { why: [/^Deployment web: .* the YAML alias \*pod repeats it elsewhere/] },
      { why: [/^Deployment other: .* comes from a YAML alias/] },
    ],
  })
})

void tap.test('a probe that repeats another one moves to lastcall, and comes back', async (t) => {
  for (const text of [
    deployment(`          livenessProbe: &probe ${PROBE}\n          readinessProbe: *probe\n`),
    deployment('').replace(
      'containerPort: 3000 }]\n',
      `containerPort: 3000 }]\n          livenessProbe: &probe ${PROBE}\n          readinessProbe: *probe # the same\n`,
    ),
  ]) {
    const after = injected(text)
    t.notMatch(after, /^ +readinessProbe: \*probe/m)
    t.match(after, /--health=http:\/\/127\.0\.0\.1:3000\//)
    t.same(
      parseAllDocuments(after).flatMap(({ errors }) => errors),
      [],
    )
    t.equal(injected(after), after)
    t.equal(injected(after, '--remove'), text)
  }
})

void tap.test('anchors of parts that do not change are no obstacle', async (t) => {
  const text = deployment('', '', '  labels: &labels { app: web }\n')
    .replace('{ matchLabels: { app: web } }', '{ matchLabels: *labels }')
    .replace('metadata: { labels: { app: web } }', 'metadata: { labels: *labels }')
  t.match(injected(text), /name: lastcall/)
  t.equal(injected(injected(text), '--remove'), text)
})

void tap.test('lastcall in what a merge repeats comes out with a sentence, not a crash', async (t) => {
  // A version before this rule put it there.
  const text = deployment(
    '          lifecycle: { preStop: { httpGet: { path: /prestop/app, port: 9099 } } }\n',
  )
    .replace('- name: web', '- &web\n          name: web')
    .concat('        - { <<: *web, name: twin, ports: [] }\n        - { name: lastcall, image: lastcall }\n')
  t.throws(
    () => injection(text, '--remove'),
    /comes from a YAML alias or a merge \(<<\): write it out in place/,
  )
})
