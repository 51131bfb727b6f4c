/**
 * Every manifest of k8s/ is what the Kubernetes types say: the compiler judges, with the published types of the API
 * (kubernetes-types), which refuse a field that does not exist. Argo's Rollout is judged by the little of it that is
 * used here. The last test shows that it can fail.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap, { type Test } from 'tap'
import { input, K8S, manifest } from '../fixtures/manifest.ts'
import { file, folder } from '../fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** By apiVersion and kind: the module of kubernetes-types, and the type in it. */
const TYPES: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'apps/v1',
  'apps/v1 StatefulSet': 'apps/v1',
  'batch/v1 Job': 'batch/v1',
  'v1 Service': 'core/v1',
  'policy/v1 PodDisruptionBudget': 'policy/v1',
  'autoscaling/v2 HorizontalPodAutoscaler': 'autoscaling/v2',
  'networking.k8s.io/v1 Ingress': 'networking/v1',
  'networking.k8s.io/v1 NetworkPolicy': 'networking/v1',
}

/** Kinds of others, of which the examples show a little: their types are not published in this way. */
const CUSTOM = new Set(['PodMonitor', 'Server'])

/** What the Rollout of the example says, and no more. Its pod template is a Deployment's. */
const ROLLOUT = `import type { PodTemplateSpec } from 'kubernetes-types/core/v1'
import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1'
interface Rollout {
  apiVersion: 'argoproj.io/v1alpha1'
  kind: 'Rollout'
  metadata: ObjectMeta
  spec: {
    replicas?: number
    selector: LabelSelector
    template: PodTemplateSpec
    strategy: {
      canary: {
        maxUnavailable?: number | string
        maxSurge?: number | string
        steps?: ({ setWeight: number } | { pause: { duration?: number | string } })[]
      }
    }
  }
}
`

/** What the compiler says of these manifests, by file; nothing if they are as they should be. */
function compile(t: Test, manifests: Readonly<Record<string, string>>): string {
  const place = folder(t)
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  for (const [path, text] of Object.entries(manifests)) {
    const lines = input(text, path).objects.map(({ value }, i) => {
      const { apiVersion, kind } = value as { apiVersion: string; kind: string }
      const type =
        kind === 'Rollout'
          ? 'Rollout'
          : CUSTOM.has(kind)
            ? 'object'
            : `import('kubernetes-types/${TYPES[`${apiVersion} ${kind}`] ?? 'none'}').${kind}`
      return `export const object${i}: ${type} = ${JSON.stringify(value, undefined, 2)}\n`
    })
    file(place, `${path.replaceAll('/', '-')}.ts`, ROLLOUT + lines.join(''))
  }
  const options = { strict: true, noEmit: true, module: 'nodenext', types: [], skipLibCheck: true }
  // Its own: a package.json in a folder above would say what kind of modules these are.
  file(place, 'package.json', '{}')
  file(place, 'tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['*.ts'] }))
  // tap puts its loader into NODE_OPTIONS of whatever is started.
  const command = ['-u', 'NODE_OPTIONS', process.execPath, join(ROOT, 'node_modules/.bin/tsc'), '-p', place]
  const { stdout, stderr } = spawnSync('/usr/bin/env', command, { encoding: 'utf8' })
  return stdout + stderr
}

function names(path: string): string[] {
  const all = readdirSync(new URL(path, K8S)).filter((name) => name.endsWith('.yaml'))
  return all.map((name) => path + name)
}

void tap.test('every manifest is what the types say', async (t) => {
  const paths = [...names('./').map((path) => path.slice(2)), ...names('examples/'), ...names('broken/')]
  t.ok(paths.length > 50)
  t.equal(compile(t, Object.fromEntries(paths.map((path) => [path, manifest(path)]))), '')
})

void tap.test('and would be found out if it were not', async (t) => {
  const good = manifest('examples/nginx.yaml')
  const said = compile(t, {
    'typo.yaml': good.replace('livenessProbe:', 'livelinessProbe:'),
    'type.yaml': good.replace('terminationGracePeriodSeconds: 40', 'terminationGracePeriodSeconds: 40s'),
    'rollout.yaml': manifest('examples/argo-rollout.yaml').replace('setWeight: 20', 'setWeigth: 20'),
  })
  for (const name of ['typo', 'type', 'rollout']) t.match(said, `${name}.yaml.ts`)
})
