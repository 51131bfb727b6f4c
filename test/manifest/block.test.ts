/** Block YAML is written as the YAML library writes it. */
import * as fc from 'fast-check'
import tap from 'tap'
import { block } from '../../src/tools/manifest/block.ts'
import type { Tree } from '../../src/tools/manifest/tree.ts'
import { libraryBlock } from '../../src/tools/manifest/yaml.ts'
import { holds } from '../fixtures/property.ts'

const key = fc.constantFrom('a', 'b', 'name', 'drop', 'true', 'lastcall.dev/x', '1', 'with space', 'a-b')
const word = fc.constantFrom(
  'x',
  'a b',
  '--flag=1',
  '--admin=:9099',
  '--a:',
  '--a: b',
  '--health=http://127.0.0.1:80/x',
  '[$(POD_IPS)]:80',
  'No',
  'true',
  'NULL',
  '',
  '1',
  '1.5',
  '0x1',
  "it's",
  'a: b',
  'a #b',
  'c:',
  '/p',
  '{',
  "'",
  '"q"',
  '~',
  '---',
  'two\nlines',
  ' ',
  '\u2028',
  'caf\u00e9',
  'Bearer a_b-c',
  '.5',
  '-',
  '- a',
  '@x',
  'y',
)
const scalar = fc.oneof(
  word,
  word,
  fc.integer({ min: -9, max: 70_000 }),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
)
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}))
const notes = fc.dictionary(
  fc.constantFrom('a', 'b', 'a.a', 'a.b', 'name', 'b.drop', 'a.name', 'b.name.a'),
  fc.constantFrom('one line', 'two\nlines', 'a: b # c'),
)
const style = fc.record({ indent: fc.constantFrom(2, 3, 4), indentLists: fc.boolean() })

void tap.test('the same text as the library writes', async (t) => {
  const property = fc.property(fc.dictionary(key, tree, { maxKeys: 4 }), notes, style, (value, said, how) => {
    const [own, library] = [block(value, said, how), libraryBlock(value, said, how)]
    if (own !== library) throw new Error(`${own}\nthe library:\n${library}`)
  })
  holds(t, 'any value', property as fc.IProperty<unknown>, Number(process.env['STYLES'] ?? 1000))
})
