/**
 * The metrics API by hand, for clusters without a metrics server: a program that tells an autoscaler that the pods named in
 * $PODS (separated by commas, of the namespace $NAMESPACE, each with the containers $CONTAINERS) do next to nothing.
 * TLS with $KEY and $CERT; port 8443.
 */
import { createServer } from 'node:https'

const PORT = 8443
const GROUP = 'metrics.k8s.io/v1beta1'
const words = (name: string) => (process.env[name] ?? '').split(',').filter((word) => word !== '')
const namespace = process.env['NAMESPACE'] ?? 'default'

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: GROUP,
  resources: [
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ],
}

function pods(): object {
  const now = new Date().toISOString()
  const containers = words('CONTAINERS').map((name) => ({ name, usage: { cpu: '1m', memory: '16Mi' } }))
  const items = words('PODS').map((name) => ({
    metadata: { name, namespace, creationTimestamp: now },
    timestamp: now,
    window: '15s',
    containers,
  }))
  return { kind: 'PodMetricsList', apiVersion: GROUP, metadata: {}, items }
}

createServer({ key: process.env['KEY'], cert: process.env['CERT'] }, (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'https://metrics')
  const found = pathname.endsWith('/pods') ? pods() : pathname === `/apis/${GROUP}` ? resources : undefined
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(found ?? {}))
}).listen(PORT)
process.on('SIGTERM', () => process.exit(0))
