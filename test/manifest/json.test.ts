/** The reader of JSON: the values of JSON.parse, and where everything stands. */
import * as fc from 'fast-check'
import tap from 'tap'
import { readJson } from '../../src/tools/manifest/json.ts'
import type { Spot } from '../../src/tools/manifest/spot.ts'
import type { Tree } from '../../src/tools/manifest/tree.ts'
import { injected, injection, manifest } from '../fixtures/manifest.ts'
import { holds } from '../fixtures/property.ts'

/** What the spots say that the text says. */
function reread(text: string, { kind, start, end, entries }: Spot): Tree {
  if (kind === 'list') return entries.map(({ value }) => reread(text, value))
  if (kind === 'map') return Object.fromEntries(entries.map(({ key, value }) => [key, reread(text, value)]))
  return JSON.parse(text.slice(start, end)) as Tree
}

void tap.test('values and places of any JSON', async (t) => {
  const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 3 })
  const indents = fc.constantFrom('', ' ', '\t')
  const property = fc.property(objects, indents, (values, indent) => {
    const text = values.map((value) => JSON.stringify(value, undefined, indent)).join('\n')
    const documents = readJson(`${text}\n`) ?? []
    const wanted = JSON.stringify(values.map((value) => JSON.parse(JSON.stringify(value)) as unknown))
    if (JSON.stringify(documents.map(({ value }) => value)) !== wanted) throw new Error('other values')
    if (JSON.stringify(documents.map(({ spot }) => reread(text, spot))) !== wanted)
      throw new Error('other places')
  })
  holds(t, 'any objects, one behind the other', property as fc.IProperty<unknown>)
})

void tap.test('what is not JSON is left to YAML', async (t) => {
  for (const text of [
    '{a: 1}',
    '{"a": 1,}',
    '{"a": 01}',
    '{"a": "\n"}',
    '{"a": 1} x',
    '[1]',
    '{"a": 1',
    '{"a" 1}',
  ])
    t.equal(readJson(text), undefined, text)
  t.equal(readJson('{"a": 1, "a": 2}'), undefined, 'nor are repeated names')
  t.equal(readJson(`{"a":${'['.repeat(10_000)}`), undefined, 'nor is anything that deep')
})

void tap.test('the schemas of CustomResourceDefinitions pass through unread, to the byte', async (t) => {
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: a }
spec:
  # a comment
  versions:
  - name: v1

    description: |
      kind: Deployment
  names: {}
status: {}
`
  const nginx = manifest('examples/nginx.before.yaml')
  const all = `${definition}---\n${nginx}---\n${definition}`
  t.equal(injected(all), `${definition}---\n${injected(nginx)}---\n${definition}`)
  t.equal(injected(injected(all), '--remove'), all)
  const broken = all.replace('apiVersion: apps/v1\n', 'apiVersion: apps/v1\n\tx: 1\n')
  const line = broken.slice(0, broken.indexOf('\tx')).split('\n').length
  t.throws(() => injection(broken), new RegExp(`^test.yaml:${line}: `), 'lines are counted as they are')
})
