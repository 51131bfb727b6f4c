/** What rules of lastcall check must see, and what they must not take for a fault: cases beside k8s/broken. */
import tap from 'tap'
import { found, manifest } from '../fixtures/manifest.ts'

/** Three pods that wait before they stop, their Service and their budget: nothing to find. */
const GOOD = manifest('broken/prestop-exceeds-grace.yaml')
  .replace('terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: 60')
  .replace('seconds: 30', 'seconds: 15')

function swap(...pairs: readonly (readonly [string, string])[]): string {
  let text = GOOD
  for (const [old, put] of pairs) {
    if (!text.includes(old)) throw new Error(`not in it: ${old}`)
    text = text.replace(old, put)
  }
  return text
}

const ids = (...texts: string[]) => found(...texts).map(({ rule }) => rule)

const SLEEP = 'sleep:\n                seconds: 15'
const hook = (command: string) => swap([SLEEP, `exec:\n                command: ${command}`])

void tap.test('the good one is good', async (t) => t.same(ids(GOOD), []))

void tap.test('hooks that do nothing, only wait, cut, or are their own business', async (t) => {
  for (const nothing of [
    '[/bin/true]',
    '[sleep, "0"]',
    '[sh, -c, "exit 0"]',
    '[/bin/sh, -c, "echo bye; sleep 0"]',
    '[sh, -c, ":"]',
  ])
    t.same(ids(hook(nothing)), ['prestop-does-nothing'], nothing)
  t.same(ids(swap(['seconds: 15', 'seconds: 0'])), ['prestop-does-nothing'])
  t.same(ids(swap([SLEEP, 'tcpSocket: { port: 3000 }'])), ['prestop-does-nothing'])
  for (const cut of [
    '[nginx, -s, stop]',
    '[/usr/sbin/nginx, -s, stop]',
    '[sh, -c, "sleep 5; nginx -c /a.conf -s stop"]',
    '[sh, -c, "kill -9 1"]',
    '[apachectl, -k, stop]',
    '[pkill, -KILL, node]',
  ])
    t.same(ids(hook(cut)), ['prestop-cuts'], cut)
  for (const fine of [
    '[sleep, "10"]',
    '[/bin/sh, -c, "sleep 5 && nginx -s quit"]',
    '[/drain.sh]',
    '[sh, -c, "kill -QUIT 1; sleep 5"]',
  ])
    t.same(ids(hook(fine)), [], fine)
  t.same(ids(hook('[sh, -c, "sleep 1m"]')), ['prestop-exceeds-grace'])
})

const start = (words: string) =>
  swap([
    '          ports:\n            - name: app',
    `          ${words}\n          ports:\n            - name: app`,
  ])

void tap.test('a shell is process 1 where it stays in front of the app', async (t) => {
  for (const stays of [
    'command: [sh, -c, "node app.js"]',
    'command: [sh, -c, "migrate; node app.js"]',
    'command: [/bin/dash, -ec]\n          args: ["migrate\\nnode app.js"]',
    'command: [bash, -c, "node app.js | tee log"]',
  ])
    t.same(ids(start(stays)), ['shell-as-process-1'], stays)
  for (const fine of [
    'command: [sh, -c, "migrate && exec node app.js"]',
    'command: [bash, -c, "migrate && node app.js"]',
    'command: [node, app.js]',
    'command: [sh, -c, "while true; do date; sleep 1; done"]',
    `command: [sh, -c, "trap 'kill $p' TERM; node app.js & p=$!; wait"]`,
  ])
    t.same(ids(start(fine)), [], fine)
  const alpine = start('command: [sh, -c, "node app.js"]').replace('web:1.0.0', 'web:1.0.0-alpine')
  t.same(ids(alpine), [], 'the sh of busybox replaces itself')
})

void tap.test('a targetPort that no container has, with lastcall or without', async (t) => {
  t.same(ids(swap(['targetPort: 3000', 'targetPort: http'])), ['service-port-nowhere'])
  t.same(ids(swap(['targetPort: 3000', 'targetPort: app'])), [])
  const two = swap(['targetPort: 3000', 'targetPort: http'])
  const second = GOOD.slice(0, GOOD.indexOf('---'))
    .replace('name: web', 'name: two')
    .replace('name: app', 'name: http')
  t.same(ids(two, second), [], 'one of its two workloads has it')
})

void tap.test('a Service whose pods are not in the input is left in peace', async (t) => {
  const other =
    'kind: Service\napiVersion: v1\nmetadata: { name: other }\nspec: { selector: { app: other }, ports: [{ port: 80 }] }\n'
  t.same(ids(GOOD, other), [])
  t.same(ids(GOOD, other.replace('name: other', 'name: web')), ['service-selects-nothing'])
  t.same(
    ids(
      swap(['name: web\nspec:\n  selector:\n    app: web', 'name: front\nspec:\n  selector:\n    app: page']),
    ),
    ['service-selects-nothing'],
    'the only workload has the port that it wants, and no other Service',
  )
  t.same(ids(swap(['  selector:\n    app: web\n  ports', '  type: ExternalName\n  ports'])), [])
})

void tap.test('publishNotReadyAddresses of peers who find each other is right', async (t) => {
  const peers =
    'kind: Service\napiVersion: v1\nmetadata: { name: peers }\nspec: { clusterIP: None, publishNotReadyAddresses: true, selector: { app: web }, ports: [{ port: 3000 }] }\n'
  t.same(ids(GOOD, peers), [])
  t.same(ids(GOOD, peers.replace('clusterIP: None, ', '')), ['publish-not-ready'])
  const alone = GOOD.replace(/apiVersion: v1\nkind: Service\n[^]*?---/, `${peers}---`)
  t.same(ids(alone), ['publish-not-ready'], 'where clients have no other Service')
})

const SCALER =
  'kind: HorizontalPodAutoscaler\napiVersion: autoscaling/v2\nmetadata: { name: web }\nspec: { scaleTargetRef: { kind: Deployment, name: web }, minReplicas: 3, maxReplicas: 9 }\n'
const KEDA =
  'kind: ScaledObject\napiVersion: keda.sh/v1alpha1\nmetadata: { name: web }\nspec: { scaleTargetRef: { name: web }, minReplicaCount: 2 }\n'

void tap.test("replicas are an autoscaler's to say", async (t) => {
  const none = swap(
    ['  replicas: 3\n', ''],
    ['maxUnavailable: 0', 'maxUnavailable: 1'],
    ['maxSurge: 1', 'maxSurge: 0'],
  )
  t.same(ids(none), ['single-replica'])
  for (const scaler of [SCALER, KEDA])
    t.same(ids(none, scaler), ['max-surge-zero'], 'not one replica, but no surge')
  t.same(ids(none, SCALER.replace('name: web }\nspec', 'name: web, namespace: x }\nspec')), [
    'max-surge-zero',
  ])
  const here = none.replaceAll('  name: web\nspec', '  name: web\n  namespace: y\nspec')
  t.same(ids(here, SCALER.replace('name: web }\nspec', 'name: web, namespace: x }\nspec')), [
    'single-replica',
  ])
  const all = swap(['  replicas: 3\n', ''], ['maxUnavailable: 0', 'maxUnavailable: 100%'])
  t.same(ids(all, SCALER), ['max-unavailable-all'])
  t.same(ids(swap(['  maxUnavailable: 1\n', '  minAvailable: 0\n'])), ['disruption-budget-empty'])
})

void tap.test('externalTrafficPolicy Local without lastcall', async (t) => {
  const local = swap([
    '  ports:\n    - port: 80',
    '  type: LoadBalancer\n  externalTrafficPolicy: Local\n  ports:\n    - port: 80',
  ])
  t.same(ids(local), [], 'pods that wait go on serving')
  t.same(ids(local.replace(/ {10}lifecycle:\n.*\n.*\n.*\n/, '')), ['nothing-drains', 'local-traffic-policy'])
})

void tap.test(
  'ports for operators only make no server, and pods of controllers are found by their labels',
  async (t) => {
    const metrics = swap(
      ['name: app', 'name: http-metrics'],
      ['kind: Service\nmetadata:\n  name: web', 'kind: Service\nmetadata:\n  name: web-metrics'],
    )
    t.same(
      ids(
        metrics.replace(/ {10}lifecycle:\n.*\n.*\n.*\n/, '').replace(/ {10}readinessProbe:[^]*?---/, '---'),
      ),
      [],
    )
    const one =
      'kind: Service\napiVersion: v1\nmetadata: { name: web-0 }\nspec: { publishNotReadyAddresses: true, selector: { statefulset.kubernetes.io/pod-name: web-0, app: web }, ports: [{ port: 3000 }] }\n'
    t.same(ids(GOOD, one), [], 'the Service of one pod is for its peers')
  },
)

void tap.test('a Service of two workloads is reported once', async (t) => {
  const other = GOOD.slice(0, GOOD.indexOf('---')).replace('name: web', 'name: two')
  const wide = swap([
    'spec:\n  selector:\n    app: web\n  ports',
    'spec:\n  publishNotReadyAddresses: true\n  selector:\n    app: web\n  ports',
  ])
  t.same(ids(wide, other), ['publish-not-ready'])
})
