/** A HorizontalPodAutoscaler that scales down under load. Without a metrics server, its metrics are made by hand. */
import { spawn } from 'node:child_process'
import { hear } from '../child.ts'
import type { Kubectl } from '../kubectl.ts'
import { own, type Part, SIDECAR } from '../objects.ts'
import { type Fault, NotHere } from './fault.ts'
import { deleted, type Scene } from './scene.ts'

const NAME = 'lastcall-e2e-metrics'
const SERVICE = 'v1beta1.metrics.k8s.io'
const AUTOSCALING_V2_MINOR = 23
const labels = { ...own, app: NAME }

/** Whatever the pods do, it is too little. */
function autoscaler(target: string, replicas: number, minor: number): Part {
  return {
    apiVersion: minor >= AUTOSCALING_V2_MINOR ? 'autoscaling/v2' : 'autoscaling/v2beta2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: NAME, labels: own },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      minReplicas: 1,
      maxReplicas: replicas,
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5000 } },
        },
      ],
    },
  }
}

/** A key and a certificate, as PEM; the API server is told not to check them. */
async function identity(): Promise<{ readonly key: string; readonly cert: string }> {
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=metrics'
  // /dev/stdout can be opened if it is a pipe, which the stdio of a child of ours is not.
  const script = `openssl ${request} -keyout /dev/stdout -out /dev/stdout | cat`
  const child = spawn('sh', ['-c', script], { stdio: 'pipe' })
  const { out } = await hear(child).catch(() => ({ out: '' }))
  const [key, cert] = ['PRIVATE KEY', 'CERTIFICATE'].map(
    (kind) => new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----\n`).exec(out)?.[0],
  )
  if (key === undefined || cert === undefined) throw new NotHere('no metrics server, and no openssl here')
  return { key, cert }
}

async function metricsByHand(scene: Scene): Promise<void> {
  const { kubectl, stage } = scene
  const { images } = stage.cast
  const { key, cert } = await identity()
  const env = {
    KEY: key,
    CERT: cert,
    NAMESPACE: kubectl.namespace,
    PODS: scene
      .living()
      .map(({ name }) => name)
      .join(','),
    CONTAINERS: `app,${SIDECAR}`,
  }
  const container = {
    name: 'metrics',
    image: images.app,
    imagePullPolicy: images.pullPolicy,
    command: ['/nodejs/bin/node', '/app/images/rollout-app/metrics.ts'],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  }
  await kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: NAME, labels },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: NAME, labels },
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: SERVICE, labels: own },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name: NAME, namespace: kubectl.namespace },
      },
    },
  ])
}

export const scaledDown: Fault = {
  name: 'hpa-scale-down',
  group: 'rollout',
  what: 'a HorizontalPodAutoscaler scales down to one pod under load',
  spares: 'everything',
  loses: 'Nothing: the surplus pods are deleted like any others.',
  onNode: false,
  async run(scene) {
    const { kubectl, name, replicas, minor } = scene
    const pods = scene.living()
    const from = Date.now()
    const found = await kubectl.run(['get', 'apiservice', SERVICE, '--ignore-not-found', '-o', 'name'])
    const byHand = found.trim() === ''
    const back = async (cleaner: Kubectl) => {
      await cleaner.run(['delete', 'horizontalpodautoscaler', NAME, '--ignore-not-found'])
      if (!byHand) return
      await cleaner.run(['delete', 'apiservice', SERVICE, '--ignore-not-found'])
      await cleaner.run(['delete', 'pod,service', NAME, '--ignore-not-found', '--wait=false'])
    }
    const blow = await scene.undo.around('the metrics by hand', back, async () => {
      if (byHand) await metricsByHand(scene)
      await kubectl.apply([autoscaler(name, replicas, minor)])
      await scene.until('one pod to be left', () => deleted(pods).length === pods.length - 1)
      const scaledMs = Date.now() - from
      const touched = deleted(pods)
      await scene.gone(touched)
      const now = Date.now()
      const notes = [
        `${touched.length} pods stopped ${(scaledMs / 1000).toFixed(1)} s after the autoscaler began; metrics ${byHand ? 'by hand' : 'of the cluster'}`,
      ]
      return { touched: touched.map((pod) => pod.name), from, to: now, until: now, notes }
    })
    await kubectl.run(['scale', `deployment/${name}`, `--replicas=${replicas}`])
    await scene.calm()
    return blow
  },
}
