/** Patches contain only what changes. */
import * as fc from 'fast-check'
import tap from 'tap'
import { difference, type Operation } from '../../src/tools/cluster/patch.ts'
import type { Branch } from '../../src/tools/manifest/tree.ts'
import { performed } from '../fixtures/json-patch.ts'

void tap.test('only what differs is in the patch', async (t) => {
  t.same(difference({ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 3] }, 'd/e~f': null }), [
    { op: 'replace', path: '/b/c/1', value: 3 },
    { op: 'add', path: '/d~1e~0f', value: null },
  ] satisfies Operation[])
  t.same(difference({ a: [1] }, { a: [0, 1] }), [{ op: 'replace', path: '/a', value: [0, 1] }])
  t.same(difference({ a: { b: 1 } }, { a: {} }), [{ op: 'remove', path: '/a/b' }])
  t.same(difference({ a: { b: 1 } }, { a: { b: 1 } }), [])
})

void tap.test('a patch turns any object into any other', async () => {
  const object = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
    .map((one) => JSON.parse(JSON.stringify(one)) as Branch)
  fc.assert(
    fc.property(object, object, (before, after) => {
      const made = difference(before, after).reduce<Branch>(performed, before)
      return JSON.stringify(sorted(made)) === JSON.stringify(sorted(after))
    }),
    { examples: [[{}, JSON.parse('{ "__proto__": null }') as Branch]] },
  )
})

/** With the keys of each map in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, sorted(one)])
}
