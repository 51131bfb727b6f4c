/** What the end-to-end test deploys is what `lastcall inject` makes of an app without lastcall. */
import tap from 'tap'
import { readFlags } from './flags.ts'
import { injected } from './inject.ts'
import { client, ownApp, type Part } from './objects.ts'
import { database, postgrest } from './postgrest.ts'

const images = { lastcall: 'lastcall:x', app: 'app:x', client: 'client:x', pullPolicy: 'Never' }

interface Container {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy?: string
  readonly args?: readonly string[]
  readonly restartPolicy?: string
  readonly readinessProbe?: { readonly httpGet: { readonly port: number } }
}

function podOf(objects: readonly Part[]): { containers: Container[]; initContainers?: Container[] } {
  const { spec } = objects.find(({ kind }) => kind === 'Deployment') as {
    spec: { template: { spec: { containers: Container[]; initContainers?: Container[] } } }
  }
  return spec.template.spec
}

void tap.test('bare, nothing is put in', async (t) => {
  const objects = ownApp('app', 'bare', images, 3)
  t.equal(await injected(objects, 'bare', images, []), objects)
})

void tap.test('plain: a second container, the pull policy for all, options of lastcall', async (t) => {
  const objects = await injected(ownApp('app', 'plain', images, 3), 'plain', images, ['--settle', '4s'])
  const { containers } = podOf(objects)
  t.same(containers.map(({ image }) => image).toSorted(), ['app:x', 'lastcall:x'])
  t.same(
    containers.map(({ imagePullPolicy }) => imagePullPolicy),
    ['Never', 'Never'],
  )
  const lastcall = containers.find(({ name }) => name === 'lastcall')
  t.ok(lastcall?.args?.includes('--settle=4s'))
  t.equal(lastcall?.readinessProbe?.httpGet.port, 9099)
  t.equal(containers.find(({ name }) => name === 'app')?.readinessProbe, undefined, 'moved to lastcall')
  const service = objects.find(({ kind }) => kind === 'Service') as { spec: { ports: object[] } }
  t.match(service.spec.ports, [{ targetPort: 8080 }])
})

void tap.test('native: a sidecar; a refusal is told', async (t) => {
  const objects = await injected(ownApp('app', 'native', images, 3), 'native', images, [])
  t.match(podOf(objects).initContainers, [{ name: 'lastcall', restartPolicy: 'Always' }])
  await t.rejects(injected(ownApp('app', 'plain', images, 3), 'plain', images, ['--settle', '4']), /settle/)
})

void tap.test('PostgREST and its database', async (t) => {
  const objects = await injected(postgrest('pgrst:x', images, '10.0.0.9', 2), 'plain', images, [])
  const lastcall = podOf(objects).containers.find(({ name }) => name === 'lastcall')
  t.ok(lastcall?.args?.includes('--health=http://127.0.0.1:3001/ready'))
  t.match(JSON.stringify(objects), 'postgres://authenticator@10.0.0.9:5432/postgres')
  t.match(
    database('pg:x', images).map(({ kind }) => kind),
    ['ConfigMap', 'Service', 'Deployment'],
  )
  t.match(client('c', images, ['http://x']), { kind: 'Job', spec: { backoffLimit: 0 } })
})

void tap.test('flags', async (t) => {
  const asked = readFlags(['--forms', 'native,bare', '--steps=rollout', '--', '--settle', '5s'], 'k')
  t.match(asked, { kubectl: 'k', forms: ['bare', 'native'], steps: ['rollout'], options: ['--settle', '5s'] })
  t.throws(() => readFlags(['--forms', 'fancy'], 'k'), /fancy is none of bare, plain, native/)
  t.throws(() => readFlags(['--replicas', '0'], 'k'), /whole number/)
  t.throws(() => readFlags(['--pull', 'x'], 'k'), /Always/)
  t.throws(() => readFlags(['--nonsense'], 'k'), /nonsense/)
})
