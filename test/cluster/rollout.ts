/**
 * Rollouts on a real cluster, under mixed clients that never retry: `node test/cluster/rollout.ts --help`. Makes its
 * own namespace, and removes it. Prints one JSON line of figures; exits 1 if a request failed (a bare app's do).
 */
import { parseArgs } from 'node:util'
import type { LoadReport } from '../../images/load-client/main.ts'
import { until } from '../fixtures/until.ts'
import { Kubectl } from './kubectl.ts'
import { APP, client, CLIENT, CLIENT_PORT, type Form, FORMS, type Images, workload } from './manifests.ts'

const HELP = `node test/cluster/rollout.ts [flags] [-- flags of lastcall]
  --kubectl COMMAND   how to call kubectl            (KUBECTL, else kubectl)
  --form FORM         ${FORMS.join(', ')}            (plain)
  --rollouts N        so many after another          (5)
  --replicas N                                       (3)
  --density N         multiplies the clients         (1)
  --lastcall IMAGE, --app IMAGE, --client IMAGE      (lastcall:test, lastcall-rollout-app:test, lastcall-load-client:test)`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    kubectl: { type: 'string', default: process.env['KUBECTL'] ?? 'kubectl' },
    form: { type: 'string', default: 'plain' },
    rollouts: { type: 'string', default: '5' },
    replicas: { type: 'string', default: '3' },
    density: { type: 'string', default: '1' },
    lastcall: { type: 'string', default: 'lastcall:test' },
    app: { type: 'string', default: 'lastcall-rollout-app:test' },
    client: { type: 'string', default: 'lastcall-load-client:test' },
  },
})

const ROLLOUT_TIMEOUT = '300s'
/** The load runs alone so long before the first rollout, and after the last. */
const ALONE_MS = 10_000
/** Far above the grace period. */
const OLD_PODS_MS = 120_000

const seconds = (since: number) => Math.round((performance.now() - since) / 100) / 10
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function main(form: Form): Promise<number> {
  const images: Images = values
  const namespace = `lastcall-${form}`
  const kubectl = new Kubectl(values.kubectl, namespace)
  await kubectl.run(['create', 'namespace', namespace])
  try {
    await kubectl.apply(workload(form, images, Number(values.replicas), positionals))
    const available = async () =>
      kubectl.run(['rollout', 'status', `deployment/${APP}`, `--timeout=${ROLLOUT_TIMEOUT}`])
    await available()
    const service = await kubectl.json<{ spec: { clusterIP: string } }>(['get', 'service', APP])
    await kubectl.apply([client(images, `http://${service.spec.clusterIP}`, Number(values.density))])
    await kubectl.run(['wait', '--for=condition=Ready', `pod/${CLIENT}`, '--timeout=60s'])
    await pause(ALONE_MS)

    const rolloutSeconds: number[] = []
    for (let count = 0; count < Number(values.rollouts); count += 1) {
      const started = performance.now()
      await kubectl.run(['rollout', 'restart', `deployment/${APP}`])
      await available()
      // The deployment is done when the new pods are there; the old ones may still drain.
      await onlyPods(kubectl, Number(values.replicas))
      rolloutSeconds.push(seconds(started))
      console.error(`rollout ${count + 1}: ${rolloutSeconds.at(-1)} s`)
    }
    await pause(ALONE_MS)
    const report = await kubectl.get<LoadReport>(CLIENT, CLIENT_PORT, '/stop')
    const { byPod, ...figures } = report
    console.log(JSON.stringify({ form, ...figures, pods: Object.keys(byPod).length, rolloutSeconds }))
    return report.failed === 0 ? 0 : 1
  } finally {
    await kubectl.run(['delete', 'namespace', namespace, '--wait=true'])
  }
}

/** Waits until no pods of earlier rollouts are left. */
async function onlyPods(kubectl: Kubectl, replicas: number): Promise<void> {
  const few = async () => {
    const { items } = await kubectl.json<{ items: unknown[] }>(['get', 'pods', '-l', `app=${APP}`])
    return items.length <= replicas
  }
  await until('the end of the old pods', few, OLD_PODS_MS, 500)
}

const chosen = FORMS.find((name) => name === values.form)
if (values.help || chosen === undefined) console.log(HELP)
else process.exitCode = await main(chosen)
