/**
 * The two manifests that the README shows, native and plain: what they say twice must agree, and they must say it in
 * the way that the kubelet understands (FIELD: a hook's port of another container is a number, preStop counts inside
 * the grace period, the startup probe of a sidecar must not wait for the app).
 */
import { readFileSync } from 'node:fs'
import tap, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { readConfig } from '../../src/proxy/config/parse.ts'

interface HttpGet {
  readonly port: unknown
  readonly path: string
  readonly host?: string
}

interface Probe {
  readonly httpGet: HttpGet
}

interface Container {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly args?: string[]
  readonly env?: { name: string; value?: string }[]
  readonly ports?: { containerPort: number }[]
  readonly lifecycle?: { readonly preStop: { readonly httpGet: HttpGet } }
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe & { periodSeconds: number; failureThreshold: number }
  readonly livenessProbe?: Probe
  readonly resources: { readonly requests: object; readonly limits: { readonly memory: string } }
  readonly securityContext: object
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly enableServiceLinks: boolean
  readonly automountServiceAccountToken: boolean
  readonly securityContext: object
  readonly initContainers?: Container[]
  readonly containers: Container[]
}

interface Labels {
  readonly [name: string]: string
}

interface Manifest {
  readonly deployment: {
    readonly spec: {
      readonly selector: { readonly matchLabels: Labels }
      readonly strategy: {
        readonly rollingUpdate: { readonly maxUnavailable: unknown; readonly maxSurge: unknown }
      }
      readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    }
  }
  readonly service: {
    readonly spec: { readonly selector: Labels; readonly ports: { targetPort: unknown }[] }
  }
  readonly budget: { readonly spec: { readonly selector: { readonly matchLabels: Labels } } }
}

function read(name: string): Manifest {
  const text = readFileSync(new URL(`../../k8s/${name}`, import.meta.url), 'utf8')
  const documents = parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!
    return document.toJS() as { kind: string }
  })
  const kind = (wanted: string) => documents.find((document) => document.kind === wanted)
  return {
    deployment: kind('Deployment'),
    service: kind('Service'),
    budget: kind('PodDisruptionBudget'),
  } as unknown as Manifest
}

const app = (pod: PodSpec) => pod.containers.find((container) => container.name === 'postgrest')!
const variable = (container: Container, name: string) =>
  container.env?.find((row) => row.name === name)?.value

/** What holds in either form. */
function invariants(t: Test, { deployment, service, budget }: Manifest, lastcall: Container): void {
  const { selector, strategy, template } = deployment.spec
  const pod = template.spec
  const postgrest = app(pod)
  // What the kubelet makes of the arguments in a pod with these addresses.
  const args = lastcall.args?.map((one) => one.replace('$(POD_IPS)', '192.0.2.1,2001:db8::1')) ?? []
  const outcome = readConfig(args, {})
  if (outcome.kind !== 'config') return void t.fail('lastcall takes its arguments', { outcome })
  const { config } = outcome

  t.equal(config.gracePeriodMs, pod.terminationGracePeriodSeconds * 1000, 'one grace period')
  t.same(
    config.app,
    address(variable(postgrest, 'PGRST_SERVER_HOST'), variable(postgrest, 'PGRST_SERVER_PORT')),
  )
  const ready = `http://127.0.0.1:${variable(postgrest, 'PGRST_ADMIN_SERVER_PORT')}/ready`
  t.same(config.health, { kind: 'http', url: ready }, "health is PostgREST's own")

  const admin = config.admin.port
  t.equal(config.admin.host, undefined, 'the kubelet reaches the admin server')
  t.same(
    postgrest.lifecycle?.preStop.httpGet,
    {
      port: admin,
      path: '/prestop/app',
      httpHeaders: [{ name: 'Authorization', value: 'Bearer change-me' }],
    },
    'the hook: a number, no host',
  )
  t.notOk(lastcall.startupProbe, 'the app need not wait for the next look of the kubelet')
  t.equal(lastcall.readinessProbe?.periodSeconds, 1)
  t.same(lastcall.readinessProbe?.httpGet, { port: admin, path: '/readyz' })
  t.same(lastcall.livenessProbe?.httpGet, { port: admin, path: '/livez' })
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
    t.notOk(postgrest[probe], `the app itself needs no ${probe}: it listens on loopback`)
  const ports = lastcall.ports?.map((port) => port.containerPort)
  t.same(ports, [admin], 'the admin port is named')

  t.match(config.listen, { host: '192.0.2.1', also: ['2001:db8::1'] }, 'on the addresses of the pod')
  const own = Number(variable(postgrest, 'PGRST_SERVER_PORT'))
  t.equal(config.listen.port, own, 'lastcall has the port that PostgREST has on loopback')
  t.same(
    service.spec.ports.map((port) => port.targetPort),
    [own],
    'so that the Service stays as it was',
  )
  for (const labels of [service.spec.selector, budget.spec.selector.matchLabels, selector.matchLabels])
    t.same(labels, template.metadata.labels, 'everything selects these pods')
  t.match(
    strategy.rollingUpdate,
    { maxUnavailable: 0, maxSurge: 1 },
    'a pod leaves after the new one is ready',
  )

  t.equal(pod.enableServiceLinks, false)
  t.equal(pod.automountServiceAccountToken, false)
  t.match(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  for (const { name, image, securityContext, resources } of [lastcall, postgrest]) {
    const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
    t.match(securityContext, { ...restricted, readOnlyRootFilesystem: true }, `${name} is restricted`)
    t.match(resources, { requests: { cpu: String, memory: String }, limits: { memory: String } })
    t.match(image, /:v?\d+\.\d+/, `${name} has a version`)
  }
}

function address(host: string | undefined, port: string | undefined): object {
  return { kind: 'tcp', host, port: Number(port) }
}

await tap.test('the native form', async (t) => {
  const manifest = read('postgrest.yaml')
  const pod = manifest.deployment.spec.template.spec
  const [lastcall, ...more] = pod.initContainers ?? []
  t.equal(more.length, 0)
  t.equal(pod.containers.length, 1)
  t.equal(lastcall?.restartPolicy, 'Always', 'a sidecar')
  const proof = { port: 9099, path: '/prestop/sidecar' }
  t.match(lastcall?.lifecycle?.preStop.httpGet, proof, "the sidecar's own hook: its SIGTERM comes last")
  invariants(t, manifest, lastcall!)
})

await tap.test('the plain form', async (t) => {
  const manifest = read('postgrest-plain.yaml')
  const pod = manifest.deployment.spec.template.spec
  t.notOk(pod.initContainers, 'no native sidecars')
  t.same(
    pod.containers.map((container) => container.name),
    ['lastcall', 'postgrest'],
  )
  const [lastcall] = pod.containers
  t.notOk(lastcall?.restartPolicy)
  t.notOk(lastcall?.lifecycle, 'SIGTERM is the proof')
  invariants(t, manifest, lastcall!)
})

const podOf = (name: string) => read(name).deployment.spec.template.spec

function withoutForm(pod: PodSpec): object {
  const [lastcall] = [...(pod.initContainers ?? []), ...pod.containers]
  const { restartPolicy: _, lifecycle: __, ...rest } = lastcall!
  return rest
}

await tap.test('both forms run the same programs in the same way', async (t) => {
  t.same(withoutForm(podOf('postgrest-plain.yaml')), withoutForm(podOf('postgrest.yaml')))
  t.same(app(podOf('postgrest-plain.yaml')), app(podOf('postgrest.yaml')))
})
