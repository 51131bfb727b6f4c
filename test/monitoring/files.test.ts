/** k8s/monitoring: a dashboard that Grafana takes, and nothing in it or in the rules that does not exist. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { parse } from 'yaml'
import { labelsOfMetric, PROCESS_METRICS, series } from '../../scripts/monitoring/promql.ts'
import { alerts, recordings, TIMING } from '../../scripts/monitoring/rules.ts'
import { parseExposition } from '../fixtures/exposition.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { dashboard, queries } from './dashboard.ts'

const K8S = fileURLToPath(new URL('../../k8s/', import.meta.url))
const exprs = [
  ...queries.map(({ expr }) => expr),
  ...recordings(TIMING).map(({ expr }) => expr),
  ...alerts(TIMING).map(({ expr }) => expr),
]

void tap.test('the dashboard has the form of Grafana', async (t) => {
  t.match(dashboard, { uid: 'lastcall', title: 'lastcall', schemaVersion: Number })
  t.ok(dashboard.schemaVersion >= 36 && dashboard.schemaVersion <= 41)
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length, 'each panel has an id of its own')
  const [source, ...others] = dashboard.templating.list
  t.match(source, { type: 'datasource', name: 'datasource', query: 'prometheus' })
  for (const variable of others) t.match(variable, { type: 'query', datasource: { uid: '${datasource}' } })
  const names = new Set(dashboard.templating.list.map(({ name }) => name))
  for (const { title, datasource, targets = [], type } of dashboard.panels) {
    if (type === 'row') continue
    t.same(datasource, { type: 'prometheus', uid: '${datasource}' }, title)
    t.ok(targets.length > 0, title)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
    for (const { expr } of targets)
      for (const [, name = ''] of expr.matchAll(/\$([a-z]\w*)/g)) t.ok(names.has(name), `${title}: $${name}`)
  }
})

void tap.test('its panels lie on the grid, and none on another', async (t) => {
  const taken = new Map<string, string>()
  const overlaps: string[] = []
  for (const { title, gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos
    t.ok(x >= 0 && x + w <= 24, title)
    for (let column = x; column < x + w; column += 1)
      for (let line = y; line < y + h; line += 1) {
        const place = `${column}/${line}`
        if (taken.has(place)) overlaps.push(`${title} lies on ${taken.get(place)}`)
        taken.set(place, title)
      }
  }
  t.same(overlaps, [])
  t.ok(taken.size > 0)
})

void tap.test('every metric and every label in a query is one that lastcall exposes', async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address })
  await sidecar.ready()
  const { families } = parseExposition((await sidecar.ask('GET', '/metrics')).body)
  for (const name of PROCESS_METRICS) t.ok(families.has(name), name)
  const recorded = new Set(recordings(TIMING).map(({ record }) => record))
  for (const expr of exprs) {
    const metrics = [
      ...expr.matchAll(/\b(?:namespace_pod_instance:\w+:last|(?:lastcall|process|nodejs)_\w+)/g),
    ].map(([name]) => name)
    t.ok(metrics.length > 0, expr)
    const labels = new Set(['namespace', 'pod', 'instance'])
    for (const name of metrics) {
      const family = name.replace(/_(?:bucket|sum|count)$/, '')
      t.ok(recorded.has(name) || families.has(name) || families.has(family), `${name} in ${expr}`)
      for (const label of labelsOfMetric(name)) labels.add(label)
    }
    for (const [, list = ''] of expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g))
      for (const label of list.split(', ')) t.ok(labels.has(label), `${label} in ${expr}`)
  }
})

void tap.test('a query that names what is not there cannot be made', async (t) => {
  t.throws(() => series('lastcall_drains_total'), /there is no metric lastcall_drains_total/)
  t.throws(() => series('lastcall_phase', { phase: 'lameduck' }), /has no phase="lameduck"/)
  t.throws(() => series('lastcall_phase', { kind: 'http1' }), /has no kind="http1"/)
  t.equal(
    series('lastcall_app_up', { port: 'http' }),
    'lastcall_app_up{port="http"}',
    'a label that need not be there',
  )
})

void tap.test('the PodMonitor and the annotations lead to the admin port of the manifests', async (t) => {
  const yaml = (path: string) => parse(readFileSync(K8S + path, 'utf8')) as Record<string, never>
  const { podMetricsEndpoints } = yaml('monitoring/pod-monitor.yaml')['spec'] as unknown as {
    podMetricsEndpoints: { port: string; path: string }[]
  }
  const annotations = yaml('monitoring/pod-annotations.yaml') as unknown as {
    spec: { template: { metadata: { annotations: Record<string, string> } } }
  }
  const manifest = readFileSync(`${K8S}postgrest.yaml`, 'utf8')
  const [endpoint] = podMetricsEndpoints
  const port = annotations.spec.template.metadata.annotations['prometheus.io/port']
  t.match(manifest, new RegExp(`- name: ${endpoint!.port}\\n\\s+containerPort: ${port}\\n`))
})
