/** lastcall inject: what it moves, what it keeps, what it refuses and in which words. */
import tap, { type Test } from 'tap'
import { parse } from 'yaml'
import { injected, injection, input, manifest } from '../fixtures/manifest.ts'

const BEFORE = manifest('examples/nginx.before.yaml')
const POSTGREST = manifest('examples/postgrest.before.yaml')

interface Container {
  readonly name: string
  readonly image: string
  readonly args: string[]
  readonly ports: { name?: string; containerPort: number }[]
  readonly lifecycle?: { preStop: object }
  readonly readinessProbe?: object
  readonly livenessProbe?: { httpGet: { port: unknown } }
  readonly securityContext: object
}

interface PodSpec {
  readonly initContainers?: Container[]
  readonly containers: Container[]
  readonly terminationGracePeriodSeconds: number
}

function spec(text: string): PodSpec {
  const { spec: outer } = input(text).objects[0]!.value as unknown as {
    spec: { template: { spec: PodSpec } }
  }
  return outer.template.spec
}

function args(text: string): string[] {
  const { initContainers = [], containers } = spec(text)
  return [...initContainers, ...containers].find(({ name }) => name === 'lastcall')!.args
}

function refusal(t: Test, text: string, why: RegExp, ...argv: string[]): void {
  const result = injection(text, ...argv)
  t.match(result, { kind: 'text', left: [{ why: [why] }] }, `refused: ${why.source}`)
}

const swap = (text: string, old: string, put: string) => {
  if (!text.includes(old)) throw new Error(`not in it: ${old}`)
  return text.replace(old, put)
}

void tap.test('the readinessProbe becomes the health check', async (t) => {
  t.ok(args(injected(BEFORE)).includes('--health=http://127.0.0.1:80/'), 'a named port is resolved')
  t.ok(args(injected(POSTGREST)).includes('--health=http://127.0.0.1:3001/ready'), 'of another port, too')
  const slow = injected(swap(BEFORE, 'path: /\n', 'path: ready\n            timeoutSeconds: 4\n'))
  t.ok(args(slow).includes('--health=http://127.0.0.1:80/ready'))
  t.ok(args(slow).includes('--health-timeout=4s'))
  const tcp = injected(
    BEFORE.replace(/httpGet:\n {14}port: http\n {14}path: \/\n/, 'tcpSocket:\n              port: 80\n'),
  )
  t.notMatch(args(tcp).join(' '), '--health')
  t.notOk(spec(tcp).containers[0]!.readinessProbe)
  const own = injected(BEFORE, '--health', 'http://127.0.0.1:80/up')
  t.ok(args(own).includes('--health=http://127.0.0.1:80/up'), 'what is given wins')
})

void tap.test(
  'a readinessProbe that lastcall cannot perform stays with the app, and a remark says so',
  async (t) => {
    const exec = BEFORE.replace(
      /readinessProbe:\n {12}httpGet:\n.*\n.*\n/,
      'readinessProbe:\n            exec: { command: [/ready] }\n',
    )
    const result = injection(exec)
    t.match(result, { kind: 'text', remarks: [/readinessProbe is of a kind/] })
    t.ok(spec(injected(exec)).containers[0]!.readinessProbe)
    t.equal(injected(injected(exec), '--remove'), exec)
  },
)

void tap.test('the name of the port moves to lastcall, and what used it follows', async (t) => {
  const after = spec(injected(BEFORE))
  t.match(after.initContainers, [
    {
      ports: [
        { name: 'http', containerPort: 8080 },
        { name: 'lastcall', containerPort: 9099 },
      ],
    },
  ])
  t.match(after.containers, [
    { ports: [{ name: 'app', containerPort: 80 }], livenessProbe: { httpGet: { port: 'app' } } },
  ])
  const numeric = injected(swap(BEFORE, 'targetPort: http', 'targetPort: 80'))
  t.match(
    numeric,
    /^ {6}# The port of lastcall, instead of the app's port 80\.\n {6}targetPort: http$/m,
    'a Service with a number follows the name',
  )
  t.match(injection(swap(BEFORE, 'targetPort: http', 'targetPort: 80')), { remarks: [] })
  t.match(
    injection(POSTGREST, '--listen=:8080'),
    {
      remarks: [
        /now sends to port 8080, which pods without lastcall do not have\. If the workload is already running, use two steps/,
      ],
    },
    'without a name there is a gap, which is told',
  )
  const implicit = injected(
    swap(
      swap(BEFORE, '      targetPort: http\n', ''),
      '- name: http\n              containerPort',
      '- containerPort',
    ),
  )
  t.match(implicit, /port: 80\n( {6}#.*\n)? {6}targetPort: 8080\n/, 'a targetPort that was not said is said')
})

void tap.test('options are checked by the table of options, and become those of the sidecar', async (t) => {
  t.same(args(injected(BEFORE, '--settle=5s', '--quiet', '1s', '--app', '127.0.0.1:80')).slice(0, 6), [
    '--listen=:8080',
    '--app=127.0.0.1:80',
    '--admin=:9099',
    '--grace-period=41s',
    '--settle=5s',
    '--quiet=1s',
  ])
  t.match(injection(BEFORE, '--settle=5', '--sttle=1s', '--mode=nativ'), {
    kind: 'mistakes',
    problems: [
      /--sttle: unknown flag; did you mean --settle\?/,
      /--mode nativ: must be native or plain; did you mean native\?/,
      /--settle 5: add a unit/,
    ],
  })
  refusal(
    t,
    BEFORE,
    /^Deployment nginx cannot have these options\. --settle 38s and --quiet 2s do not fit/,
    '--settle=38s',
    '--grace-period=40s',
  )
  refusal(
    t,
    BEFORE,
    /needs a grace period in whole seconds, because .*: round --grace-period 40\.5s$/,
    '--grace-period=40500ms',
  )
  refusal(t, BEFORE, /--admin port that the kubelet can reach.*--admin :9099/, '--admin=127.0.0.1:9099')
})

const seconds = (text: string) => spec(text).terminationGracePeriodSeconds

void tap.test(
  'the grace period: of the flag, of the pod, or one with room for a request of 30 s',
  async (t) => {
    t.equal(seconds(injected(BEFORE)), 40)
    const sixty = swap(
      BEFORE,
      '      containers:\n',
      '      terminationGracePeriodSeconds: 60 # a minute\n      containers:\n',
    )
    t.ok(args(injected(sixty)).includes('--grace-period=60s'))
    const ninety = injected(sixty, '--grace-period=90s')
    t.equal(seconds(ninety), 90)
    t.match(ninety, 'terminationGracePeriodSeconds: 90 # a minute')
    t.equal(injected(ninety, '--remove'), sixty)
    const again = injected(ninety, '--grace-period=120s')
    t.equal(seconds(again), 120)
    t.equal(injected(again, '--remove'), sixty, 'what was there first is what comes back')
    t.match(injection(BEFORE, '--grace-period=30s'), {
      remarks: [/requests that take longer than 20s may be cut; --grace-period 40s/],
    })
  },
)

void tap.test('a second time, only what is asked for changes', async (t) => {
  const once = injected(BEFORE, '--settle=5s')
  t.equal(injected(once), once, 'without options the ones that are there stay')
  const tuned = swap(
    swap(once, 'cpu: 50m', 'cpu: 200m'),
    'periodSeconds: 10\n            timeoutSeconds: 5',
    'periodSeconds: 20\n            timeoutSeconds: 5',
  )
  t.equal(injected(tuned), tuned, 'nor what was tuned by hand')
  const twice = injected(tuned, '--quiet=3s', '--image=lastcall:dev')
  t.same(
    twice,
    swap(
      swap(tuned, '            - --settle=5s\n', '            - --settle=5s\n            - --quiet=3s\n'),
      'ghcr.io/lastcall/lastcall:0.1.0',
      'lastcall:dev',
    ),
  )
})

void tap.test('comments, order and formatting survive', async (t) => {
  const odd = `%YAML 1.1
---
# first
kind:   Deployment   # kinds come first here
apiVersion: "apps/v1"
metadata: {name: 'web', labels: {a: "b"}}
spec:
    template:
        spec:
            containers:
            -   name: web   # the app
                ports: [{containerPort: 3000, name: http}]
                image: |-
                    web:1
                # not ready
                readinessProbe: {httpGet: {path: /r, port: 3000}}
                # the end

            volumes: []
        metadata: {labels: {app: web}}
...
---
# nothing here
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 3000}]}`
  const after = injected(odd)
  for (const kept of [
    '# first\nkind:   Deployment   # kinds',
    'apiVersion: "apps/v1"',
    '# the app',
    '# the end\n\n            volumes: []',
    '# nothing here',
    'image: |-\n                    web:1',
  ])
    t.ok(after.includes(kept), kept)
  t.match(after, 'ports: [{port: 80, targetPort: http}]')
  t.match(
    after,
    /^ {12}initContainers:\n {12}- {1,3}name: lastcall\n {14,16}image/m,
    'and what comes in looks like it',
  )
  t.equal(injected(after), after)
  t.equal(injected(after, '--remove'), odd)
  const windows = odd.replaceAll('\n', '\r\n')
  t.equal(injected(windows), after.replaceAll('\n', '\r\n'))
  t.equal(injected(injected(windows), '--remove'), windows)
})

void tap.test('JSON in, JSON out; Lists; what a cluster answers', async (t) => {
  const items = input(BEFORE).objects.map(({ value }) => value)
  const list = JSON.stringify(
    { apiVersion: 'v1', kind: 'List', items, metadata: { resourceVersion: '' } },
    undefined,
    4,
  )
  const after = JSON.parse(injected(list)) as { items: unknown[] }
  const yaml = injected(BEFORE)
  t.same(
    strip(after.items),
    strip(input(yaml).objects.map(({ value }) => value)),
    'the same objects as from YAML',
  )
  t.match(injected(list), /^\{\n {4}"apiVersion"/, 'indented as it came')
  t.equal(injected(injected(list)), injected(list))
  t.same(JSON.parse(injected(injected(list), '--remove')), JSON.parse(list))
  const live = injected(list)
    .replace('"periodSeconds": 2', '"successThreshold": 1, "periodSeconds": 2')
    .replaceAll('"containerPort": 8080', '"protocol": "TCP", "containerPort": 8080')
  t.equal(injected(live), live, 'defaults that the API server fills in are no difference')
})

/** Without the notes of how it was written, which differ. */
function strip(items: unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(items, (key, value: unknown) => (key === 'lastcall.dev/before' ? undefined : value)),
  )
}

void tap.test('which workloads', async (t) => {
  const two = `${BEFORE}---\n${BEFORE.replaceAll('nginx', 'other')}`
  t.equal(injected(two).match(/name: lastcall\n\s+image/g)?.length, 2)
  t.equal(injected(two, '--name', 'other').match(/name: lastcall\n\s+image/g)?.length, 1)
  const both = injected(two)
  t.equal(injected(both, '--remove', '--name=deployment/other'), injected(two, '--name', 'nginx'))
  t.match(injection(two, '--name=third'), {
    kind: 'mistakes',
    problems: [/--name third: no such workload.*Deployment nginx, Deployment other/],
  })
  t.match(injection('kind: Service\nmetadata: { name: a }\n'), {
    kind: 'text',
    text: 'kind: Service\nmetadata: { name: a }\n',
  })
  const owned = swap(
    BEFORE,
    '  name: nginx\n',
    '  name: nginx\n  ownerReferences: [{ controller: true, kind: Rollout, name: x }]\n',
  )
  t.match(injection(owned), { kind: 'text', text: owned }, 'what somebody else makes is not for us to change')
  t.match(
    injection([BEFORE, swap(BEFORE, '  name: nginx\n', '  name: canary\n')]).kind,
    'text',
    'a Service of two that agree',
  )
})

void tap.test('kinds of workloads', async (t) => {
  const [deployment = ''] = BEFORE.split('---\n')
  for (const kind of ['StatefulSet', 'DaemonSet', 'ReplicaSet', 'Rollout'])
    t.ok(args(injected(swap(deployment, 'kind: Deployment', `kind: ${kind}`))), kind)
  const podText =
    'kind: Pod\nmetadata: { name: p }\nspec:\n  containers:\n  - name: a\n    ports:\n    - containerPort: 80\n'
  const after = injected(podText)
  t.match(parse(after), {
    kind: 'Pod',
    spec: { initContainers: [{ name: 'lastcall' }], containers: [{ lifecycle: {} }] },
  })
  t.equal(injected(after, '--remove'), podText)
  const cron =
    'kind: CronJob\nmetadata: { name: p }\nspec: { jobTemplate: { spec: { template: { spec: { containers: [ { name: a, ports: [ { containerPort: 80 } ] } ] } } } } }\n'
  t.match(parse(injected(cron)), {
    spec: {
      jobTemplate: { spec: { template: { spec: { initContainers: [{ restartPolicy: 'Always' }] } } } },
    },
  })
  t.equal(injected(injected(cron), '--remove'), cron, 'in braces, too')
  refusal(t, cron, /CronJob p would never complete with a plain sidecar.*--mode native/, '--mode=plain')
  refusal(t, manifest('examples/job.before.yaml'), /Job import would never complete/, '--mode=plain')
})

void tap.test('what cannot be done safely is refused', async (t) => {
  const hook = (how: string) =>
    swap(
      BEFORE,
      '          readinessProbe:',
      `          lifecycle: { preStop: { ${how} } }\n          readinessProbe:`,
    )
  refusal(
    t,
    hook('exec: { command: [/bin/stop] }'),
    /its own preStop in container nginx \(exec \["\/bin\/stop"\]\).*on SIGTERM/,
  )
  refusal(t, hook('httpGet: { port: 1, path: /bye }'), /its own preStop.*httpGet \/bye/)
  const slept = hook('sleep: { seconds: 5 }')
  t.equal(
    injected(injected(slept), '--remove'),
    slept,
    'a sleep hook is what lastcall does better; --remove brings it back',
  )
  refusal(
    t,
    BEFORE,
    /already uses port 80 \(container nginx\): leave --listen out, or choose a free port, such as --listen :8080/,
    '--listen=:80',
    '--app=127.0.0.1:81',
  )
  refusal(
    t,
    swap(BEFORE, '      containers:', '      hostNetwork: true\n      containers:').replace(
      'containerPort: 80',
      'containerPort: 80\n              hostPort: 80',
    ),
    /uses hostNetwork, and port 80 of container nginx has a hostPort/,
    '--listen=:18080',
    '--admin=:19099',
  )
  refusal(
    t,
    swap(BEFORE, '      containers:', '      hostNetwork: true\n      containers:'),
    /hostNetwork.*--listen :PORT and --admin :PORT/,
  )
  t.equal(
    injection(
      swap(BEFORE, '      containers:', '      hostNetwork: true\n      containers:'),
      '--listen=:18080',
      '--admin=:19099',
    ).kind,
    'text',
  )
  refusal(
    t,
    swap(BEFORE, '      containers:', '      os: { name: windows }\n      containers:'),
    /runs on Windows/,
  )
  refusal(t, BEFORE, /inject cannot share a socket between containers/, '--app=unix:/run/a.sock')
})

void tap.test('an app with an ambiguous port is refused, not guessed', async (t) => {
  const [deployment = ''] = BEFORE.split('---\n')
  const silent = deployment.replace(/ {10}ports:[\s\S]*/, '')
  refusal(t, silent, /does not say on which port its app listens.*--app 127\.0\.0\.1:PORT/)
  t.ok(args(injected(silent, '--app=127.0.0.1:3000')).includes('--app=127.0.0.1:3000'))
  const several = swap(
    deployment,
    '- name: http\n',
    '- name: one\n              containerPort: 81\n            - name: two\n',
  ).replace(/ {10}readinessProbe[\s\S]*/, '')
  refusal(t, several, /several ports \(81, 80\).*add --app/)
  const helper = swap(
    silent,
    '        - name: nginx',
    '        - name: helper\n          image: helper:1\n        - name: nginx',
  )
  refusal(
    t,
    helper,
    /several containers, and none of them declares port 3000; add --container NAME, one of helper, nginx/,
    '--app=127.0.0.1:3000',
  )
  t.match(spec(injected(helper, '--app=127.0.0.1:3000', '--container=nginx')).containers, [
    { name: 'helper', lifecycle: { preStop: {} } },
    { name: 'nginx', lifecycle: { preStop: {} }, readinessProbe: undefined },
  ])
})

void tap.test('an alias is refused, not written through', async (t) => {
  const alias = BEFORE.replace(
    '      containers:\n        - name',
    '      initContainers: &c []\n      containers:\n        - name',
  )
  t.ok(injected(alias))
  const shared =
    'x: &ports\n  - { containerPort: 80, name: http }\nkind: Pod\nmetadata: { name: p }\nspec:\n  containers:\n  - name: a\n    ports: *ports\n'
  refusal(t, shared, /spec\.containers\[0\]\.ports.* comes from a YAML alias or a merge/)
})

void tap.test('a token travels in the hooks; root pods get a user', async (t) => {
  const after = injected(BEFORE, '--token=s3cret')
  t.equal(after.match(/name: Authorization\n\s+value: Bearer s3cret/g)?.length, 2)
  const root = injected(
    swap(BEFORE, '      containers:', '      securityContext: { runAsUser: 0 }\n      containers:'),
  )
  t.match(spec(root).initContainers, [{ securityContext: { runAsNonRoot: true, runAsUser: 65_532 } }])
})

void tap.test('lists of ports that a mesh leaves alone are added to', async (t) => {
  const istio = manifest('examples/istio.before.yaml').replace(
    '      annotations:\n',
    '      annotations:\n        traffic.sidecar.istio.io/excludeInboundPorts: "9090"\n',
  )
  const after = injected(istio)
  t.match(after, /excludeInboundPorts: "?9090,9099"?\n/)
  t.equal(injected(after), after)
  t.equal(injected(after, '--remove'), istio)
})
