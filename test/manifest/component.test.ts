/**
 * The Kustomize component does what inject does. kustomize itself is not to be had from a package registry: its two
 * kinds of patches are applied here by the little of them that the component uses (lists of objects join by `name`, as
 * the API's patchMergeKey says of containers and env; JSON patch `add`, RFC 6902).
 */
import { readFileSync } from 'node:fs'
import tap from 'tap'
import { parse, stringify } from 'yaml'
import { found, injected, input, K8S, manifest } from '../fixtures/manifest.ts'

type Value = string | number | boolean | null | Value[] | { [key: string]: Value }
type Map = { [key: string]: Value }

interface Patch {
  readonly target: { readonly kind: string; readonly annotationSelector: string }
  readonly path: string
}

const isMap = (value: Value | undefined): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A strategic merge; new items come first, as kustomize puts them. */
function merge(there: Value | undefined, patch: Value): Value {
  if (isMap(there) && isMap(patch)) {
    const merged = { ...there }
    for (const [key, value] of Object.entries(patch)) merged[key] = merge(there[key], value)
    return merged
  }
  const named = (value: Value | undefined): value is Map[] =>
    Array.isArray(value) && value.every((item) => isMap(item) && 'name' in item)
  if (!named(there) || !named(patch)) return patch
  const fresh = patch.filter((item) => !there.some(({ name }) => name === item['name']))
  const joined = there.map((item) => merge(item, patch.find(({ name }) => name === item['name']) ?? {}))
  return [...fresh, ...joined]
}

/** JSON patch of nothing but `add` to maps. */
function add(document: Value, patches: { op: string; path: string; value: Value }[]): Value {
  const copy = structuredClone(document)
  for (const { op, path, value } of patches) {
    if (op !== 'add') throw new Error(op)
    const steps = path.slice(1).split('/')
    const parent = steps.slice(0, -1).reduce((here, step) => (here as Map)[step]!, copy) as Map
    parent[steps.at(-1)!] = value
  }
  return copy
}

/** What a kustomization with these objects and this component has. */
function build(component: string, objects: Value[]): Value[] {
  const folder = new URL(`${component}/`, K8S)
  const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')
  const { patches } = parse(read('kustomization.yaml')) as { patches: Patch[] }
  let built = objects
  for (const { target, path } of patches) {
    const patch = parse(read(path)) as Value
    built = built.map((object) => {
      const { kind, metadata } = object as { kind: string; metadata: { name: string; annotations?: Map } }
      if (target.annotationSelector !== 'lastcall.dev/inject!=false')
        throw new Error(target.annotationSelector)
      if (kind !== target.kind || metadata.annotations?.['lastcall.dev/inject'] === 'false') return object
      if (Array.isArray(patch)) return add(object, patch as { op: string; path: string; value: Value }[])
      // With a target, the patch takes kind and name from it.
      return merge(object, { ...(patch as Map), kind, metadata: { name: metadata.name } })
    })
  }
  return built
}

const print = (objects: Value[]) => objects.map((object) => stringify(object)).join('---\n')

/** The example without what only inject does: it knows the app's readinessProbe and the name of its port. */
const BEFORE = manifest('examples/nginx.before.yaml')
  .replace(/ {10}readinessProbe:.*?(?= {10}livenessProbe)/s, '')
  .replaceAll('port: http', 'port: 3000')
  .replace('targetPort: http', 'targetPort: 3000')
  .replace('- name: http\n              containerPort: 80', '- containerPort: 3000')

const objectsOf = (text: string) => input(text).objects.map(({ value }) => value as unknown as Value)

for (const [component, mode] of [
  ['component', 'native'],
  ['component/plain', 'plain'],
] as const) {
  void tap.test(`${component} is what inject --mode ${mode} makes, but for variables`, async (t) => {
    const built = print(build(component, objectsOf(BEFORE)))
    t.same(found(built), [], 'check finds nothing in it')
    t.same(normal(objectsOf(built)), normal(objectsOf(injected(BEFORE, '--mode', mode))))
    t.equal(injected(built), built, 'inject has nothing to add')
    const stateful = BEFORE.replace('kind: Deployment', 'kind: StatefulSet').replace(
      / {2}strategy:.*?(?= {2}template)/s,
      '',
    )
    t.same(found(print(build(component, objectsOf(stateful)))), [])
  })

  void tap.test(`${component}: an object can stay as it is, and an option can be another`, async (t) => {
    const marked = BEFORE.replaceAll(
      'metadata:\n  name: nginx\n',
      'metadata:\n  name: nginx\n  annotations: { lastcall.dev/inject: "false" }\n',
    )
    t.same(build(component, objectsOf(marked)), objectsOf(marked))
    const [deployment, ...others] = build(component, objectsOf(BEFORE))
    const list = mode === 'native' ? 'initContainers' : 'containers'
    const env = [{ name: 'LASTCALL_APP', value: '127.0.0.1:8000' }]
    const patched = merge(deployment, {
      spec: { template: { spec: { [list]: [{ name: 'lastcall', env }] } } },
    })
    const moved = print([patched, ...others]).replace('containerPort: 3000', 'containerPort: 8000')
    t.same(found(moved), [], 'a patch by name')
  })
}

/** Without what was here before; options as flags or as variables are the same. */
function normal(objects: Value[]): unknown {
  return JSON.parse(
    JSON.stringify(objects, (key, value: unknown) => {
      if (key === 'annotations') return undefined
      if (typeof value !== 'object' || value === null || !('image' in value) || !('startupProbe' in value))
        return value
      const { args: _, env: __, ...rest } = value as Record<string, unknown>
      return rest
    }),
  )
}
