/** The ports that lastcall gets: free of every container of the pod, stable, and found again by --remove. */
import tap from 'tap'
import { configOf } from '../../src/tools/manifest/settings.ts'
import { workloadOf } from '../../src/tools/manifest/workload.ts'
import { found, injected, injection, input } from '../fixtures/manifest.ts'

const pod = (containers: string, service = '') => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
${containers}${service}`
const SERVICE = `---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports:
    - port: 80
      targetPort: 8080
`
const APP = `        - name: web
          image: example/web:1
          ports:
            - containerPort: 8080
`

function portsOf(text: string): { listen: number | undefined; admin: number | undefined } {
  const read = input(text)
  const workload = workloadOf({ input: read, item: read.objects[0]! })
  const outcome = configOf(workload!.sidecar!)
  const config = outcome.kind === 'config' ? outcome.config : undefined
  return { listen: config?.listen.port, admin: config?.admin.port }
}

void tap.test('an app on 8080 is injected: lastcall listens on 18080', async (t) => {
  const text = pod(APP, SERVICE)
  const after = injected(text)
  t.same(portsOf(after), { listen: 18_080, admin: 9099 })
  t.match(after, /targetPort: 18080\n/)
  t.equal(injected(after), after, 'a second run changes nothing')
  t.equal(injected(after, '--remove'), text, 'and --remove finds it')
  t.same(
    found(after).filter(({ severity }) => severity === 'error'),
    [],
  )
})

const helper = (port: number, more = '') => `        - name: helper-${port}
          image: example/helper:1
          ports:
            - containerPort: ${port}
${more}`
const named = ['--container=web']

void tap.test('a port is free only if no container of the pod has it', async (t) => {
  t.same(portsOf(injected(pod(APP + helper(18_080) + helper(9099), SERVICE), ...named)), {
    listen: 18_081,
    admin: 19_099,
  })
  const probed = `          livenessProbe:
            tcpSocket: { port: 9099 }
`
  t.same(portsOf(injected(pod(APP + probed, SERVICE))), { listen: 18_080, admin: 19_099 }, 'or asks it')
  const native = pod(APP, SERVICE).replace(
    '      containers:\n',
    `      initContainers:
        - name: mesh
          restartPolicy: Always
          ports: [{ containerPort: 9099 }]
      containers:
`,
  )
  t.same(portsOf(injected(native)), { listen: 18_080, admin: 19_099 }, 'native sidecars count')
  const beside = `${SERVICE}    - port: 81
      targetPort: 9099
`
  t.same(portsOf(injected(pod(APP, beside), '--app=127.0.0.1:8080')).admin, 19_099, 'a Service sends there')
  t.same(portsOf(injected(pod(APP, SERVICE), '--listen=:19099', '--admin=:9100')), {
    listen: 19_099,
    admin: 9100,
  })
  const crossed = injected(pod(APP + helper(9099), SERVICE), '--listen=:19099', ...named)
  t.same(portsOf(crossed), { listen: 19_099, admin: 19_100 }, "nor is lastcall's own other port")
})

void tap.test('the ports stay what they are when others become free', async (t) => {
  const after = injected(pod(APP, SERVICE))
  const moved = after
    .replace('--app=127.0.0.1:8080', '--app=127.0.0.1:3000')
    .replace('containerPort: 8080', 'containerPort: 3000')
  t.equal(portsOf(injected(moved)).listen, 18_080)
})

void tap.test('a grace period without room for a drain is raised, and that is said', async (t) => {
  for (const seconds of [0, 5, 9]) {
    const text = pod(APP, SERVICE).replace(
      '      containers:\n',
      `      terminationGracePeriodSeconds: ${seconds} # short\n      containers:\n`,
    )
    const result = injection(text)
    t.match(result, {
      kind: 'text',
      text: /terminationGracePeriodSeconds: 40 # short/,
      remarks: [
        new RegExp(
          `its terminationGracePeriodSeconds of ${seconds} leaves no time for a drain; inject raises it to 40`,
        ),
        /Service web/,
      ],
    })
    t.match(injected(text), '--grace-period=40s')
    t.equal(injected(injected(text)), injected(text), 'a second run changes nothing')
    t.equal(injected(injected(text), '--remove'), text)
  }
  const enough = pod(APP, SERVICE).replace(
    '      containers:\n',
    '      terminationGracePeriodSeconds: 12\n      containers:\n',
  )
  t.match(injected(enough), '--grace-period=12s', 'one that has room stays')
})

void tap.test('what comes by a port of the node comes to lastcall', async (t) => {
  for (const [before, after] of [
    ['- containerPort: 8080', '- containerPort: 8080\n              hostPort: 80 # of the node'],
    ['- containerPort: 8080', '- hostPort: 80\n              containerPort: 8080'],
    ['- containerPort: 8080', '- { containerPort: 8080, hostPort: 80, protocol: TCP }'],
  ] as const) {
    const text = pod(APP, SERVICE).replace(before, after)
    const once = injected(text)
    t.match(once, /containerPort: 18080\n +hostPort: 80\n/)
    t.equal(once.split('hostPort: ').length, 3, 'lastcall has it, and the note of how it was')
    t.equal(injected(once), once, 'a second run changes nothing')
    t.equal(injected(once, '--remove'), text)
  }
  const own = pod(APP, SERVICE)
    .replaceAll('8080', '3000')
    .replace('example/web:1', 'postgrest/postgrest:v14')
    .replace('- containerPort: 3000', '- containerPort: 3000\n              hostPort: 80')
  t.match(
    injected(own),
    /containerPort: 3000\n +hostPort: 80\n/,
    "on the app's own port it stays where it is",
  )
})

const of = (seconds: string) =>
  pod(APP, SERVICE).replace(
    '      containers:\n',
    `      terminationGracePeriodSeconds: ${seconds}\n      containers:\n`,
  )

void tap.test(
  'a grace period of 10 s, as kubebuilder writes it, leaves no second to a request: it is raised',
  async (t) => {
    t.match(injection(of('10')), {
      text: /terminationGracePeriodSeconds: 40\n[^]*--grace-period=40s/,
      remarks: [/terminationGracePeriodSeconds of 10 leaves no time for a drain; inject raises it to 40/],
    })
    t.match(injection(of('11')), {
      text: /terminationGracePeriodSeconds: 11\n/,
      remarks: [/requests that take longer than 1s may be cut/],
    })
  },
)

void tap.test('a grace period that a template has yet to fill in is not overwritten', async (t) => {
  for (const said of ['"{{ .Values.grace }}"', '${GRACE}', '"60"']) {
    const text = of(said)
    t.match(injection(text), {
      text,
      left: [
        {
          why: [
            /has terminationGracePeriodSeconds: ".*", which is no number: give inject what the template makes/,
          ],
        },
      ],
    })
  }
  const unset = pod(APP, SERVICE).replace(
    '      containers:\n',
    '      terminationGracePeriodSeconds:\n      containers:\n',
  )
  t.match(injection(unset), { left: [], text: /terminationGracePeriodSeconds: 40\n/ })
  t.equal(injected(injected(unset), '--remove'), unset)
})
