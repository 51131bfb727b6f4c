/**
 * Text edits: for any document and any batch of changes, the edited text says what the changed value says, and taking
 * everything back that was put in gives the text again. The value side (change.ts) is the simple one, and the judge.
 */
import * as fc from 'fast-check'
import tap from 'tap'
import { Document, isCollection, visit } from 'yaml'
import type { Change } from '../../src/tools/manifest/change.ts'
import { rewritten, wasOf } from '../../src/tools/manifest/rewrite.ts'
import type { Path, Tree } from '../../src/tools/manifest/tree.ts'
import { applied } from '../fixtures/applied.ts'
import { input } from '../fixtures/manifest.ts'
import { holds } from '../fixtures/property.ts'

const key = fc.constantFrom('a', 'b', 'c', 'name')
const scalar = fc.constantFrom<Tree>(
  0,
  8080,
  true,
  null,
  '',
  'x',
  'two words',
  'multi\nline\n',
  '- # :',
  "it's",
  '0',
  'null',
)
// No list directly in a list: Kubernetes has none.
const { tree } = fc.letrec<{ tree: Tree; map: Tree }>((tie) => ({
  map: fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
  tree: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(fc.oneof(scalar, tie('map')), { maxLength: 3 }),
    tie('map'),
  ),
}))
const small = fc.oneof(scalar, fc.dictionary(key, scalar, { maxKeys: 3 }))
const body = fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 })

interface Style {
  readonly indentSeq: boolean
  /** Which collections are written with braces, and which get comments, by a running number. */
  readonly flow: readonly boolean[]
  readonly comments: readonly boolean[]
}
const style: fc.Arbitrary<Style> = fc.record({
  indentSeq: fc.boolean(),
  flow: fc.array(fc.boolean(), { minLength: 3, maxLength: 8 }),
  comments: fc.array(fc.boolean(), { minLength: 3, maxLength: 8 }),
})

/** The value as somebody may have written it. */
function write(value: Tree, { indentSeq, flow, comments }: Style): string {
  const document = new Document({ kind: 'Thing', body: value })
  let n = 0
  visit(document, {
    Node(where, node) {
      n += 1
      if (isCollection(node)) node.flow = n > 2 && (node.items.length === 0 || flow[n % flow.length]!)
      else if (where === 'key' && comments[n % comments.length]! && n > 3)
        node.commentBefore = ` comment ${n}`
    },
  })
  return document.toString({ indentSeq, lineWidth: 0 })
}

/** Every path of a tree below `body`. */
function paths(value: Tree, here: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [here]
  const rows = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [here, ...rows.flatMap(([step, inner]) => paths(inner as Tree, [...here, step]))]
}

/** A batch of changes that do not overlap, picked by numbers. */
function batch(value: Tree, picks: readonly (readonly [number, number, Tree])[]): Change[] {
  const all = paths(value, ['body']).slice(1)
  const taken: Path[] = []
  const changes: Change[] = []
  for (const [where, what, put] of picks) {
    const path = all[where % Math.max(1, all.length)]
    if (path === undefined) continue
    const overlaps = taken.some(
      (one) => one.every((step, i) => path[i] === step) || path.every((step, i) => one[i] === step),
    )
    if (overlaps) continue
    taken.push(path)
    const last = path.at(-1)!
    const kind = what % 3
    if (typeof last === 'number' && kind === 0) changes.push({ kind: 'insert', path, value: put })
    else if (kind === 1) changes.push({ kind: 'set', path, value: put })
    else changes.push({ kind: 'delete', path })
  }
  return changes
}

/** Throws with the texts, so that a counterexample can be read. */
function same(before: string, after: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${before}\nbecame\n${after}\n${JSON.stringify(found)}\nnot\n${JSON.stringify(wanted)}`)
}

const picks = fc.array(fc.tuple(fc.nat(50), fc.nat(5), small), { maxLength: 4 })

/** Emptied block collections cannot be said in block style; inject never leaves any. */
function empties(value: Tree): boolean {
  if (typeof value !== 'object' || value === null) return false
  const inner = Object.values<Tree>(value)
  return inner.length === 0 || inner.some(empties)
}

void tap.test('the edited text says what the changed value says', async (t) => {
  const property = fc.property(body, style, picks, (value, how, chosen) => {
    const text = write(value, how)
    const read = input(text)
    const [item] = read.objects
    const changes = batch(value, chosen)
    const wanted = applied(item!.value, changes, () => null)
    fc.pre(changes.every(({ kind }) => kind !== 'delete') || !empties(wanted))
    const after = rewritten(read, [{ item: item!, changes }])
    same(text, after, input(after).objects[0]!.value, wanted)
  })
  holds(t, 'any batch of changes', property as fc.IProperty<unknown>, 700)
})

void tap.test('a key that was taken away comes back to the byte', async (t) => {
  const property = fc.property(body, style, fc.nat(50), (value, how, pick) => {
    const text = write(value, how)
    const read = input(text)
    const [item] = read.objects
    const keys = paths(value, ['body'])
      .slice(1)
      .filter((path) => typeof path.at(-1) === 'string')
    const path = keys[pick % Math.max(1, keys.length)]
    if (path === undefined) return
    const was = wasOf(read, item!, path)
    // The first key behind a dash is its item's name: nobody takes that away.
    fc.pre(was.after !== null || typeof path.at(-2) !== 'number')
    const without = rewritten(read, [{ item: item!, changes: [{ kind: 'delete', path: path }] }])
    fc.pre(
      !/^ *[\w-]+:\s*$(?!\n +\S)/m.test(without) &&
        !empties(applied(item!.value, [{ kind: 'delete', path: path }], () => null)),
    )
    const again = input(without)
    const back = rewritten(again, [
      { item: again.objects[0]!, changes: [{ kind: 'restore', path: path, was }] },
    ])
    // Between braces it comes back as it was written, but perhaps in another line.
    const braces = how.flow.includes(true)
    same(text, without, braces ? input(back).objects[0]!.value : back, braces ? item!.value : text)
  })
  holds(t, 'any key', property as fc.IProperty<unknown>, 700)
})

function set(text: string, ...path: string[]): string {
  const read = input(text)
  return rewritten(read, [{ item: read.objects[0]!, changes: [{ kind: 'set', path, value: 1 }] }])
}

void tap.test('a text without a final newline, and one with only a key', async (t) => {
  t.equal(set('kind: A\nspec:\n  a: 0', 'spec', 'b'), 'kind: A\nspec:\n  a: 0\n  b: 1')
  t.equal(set('kind: A\nspec:', 'spec', 'b'), 'kind: A\nspec:\n  b: 1')
  t.equal(set('kind: A\nspec: # none\n', 'spec', 'b', 'c'), 'kind: A\nspec: # none\n  b:\n    c: 1\n')
  t.equal(set('kind: A\nspec: {}\n', 'spec', 'b'), 'kind: A\nspec: { b: 1 }\n')
  t.equal(set('kind: A\nspec: ~\n', 'spec', 'b', 'c'), 'kind: A\nspec:\n  b:\n    c: 1\n')
})

void tap.test('what cannot be read is said with its line', async (t) => {
  const { readInput } = await import('../../src/tools/manifest/input.ts')
  t.match(readInput('f', 'kind: A\n\tx: 1\n'), { kind: 'bad', why: /^f:2: / })
  t.match(readInput('f', 'kind: A\nkind: B\n'), { kind: 'bad', why: /^f:2: Map keys must be unique/ })
  t.match(readInput('f', 'kind: A\nmetadata: {{ include "labels" . }}\n'), {
    kind: 'template',
    why: /^f:\d: a template.*helm template/,
  })
  const deep = `kind: A\ndata: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`
  t.match(readInput('f', deep), { kind: 'bad', why: /^f:2: nested too deeply$/ })
  const utf16 = Buffer.from('\uFEFFkind: A\n', 'utf16le').toString('utf8')
  t.match(readInput('f', utf16), { kind: 'bad', why: /^f: is UTF-16; save it as UTF-8 \(in PowerShell/ })
  t.match(readInput('f', ''), { kind: 'input', input: { objects: [] } })
  t.match(readInput('f', '# only\n---\n'), { kind: 'input', input: { objects: [] } })
  t.match(readInput('f', 'kind: A\n---\na: 1\n'), {
    kind: 'bad',
    why: /^f: document 2 is not a Kubernetes object/,
  })
  t.match(readInput('f', 'a: 1\n'), {
    kind: 'other',
    why: 'f: document 1 is not a Kubernetes object: it has no kind',
  })
})
