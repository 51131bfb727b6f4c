/** The tool of `npm run mutate` itself: what it counts, what it complains of, what it leaves out. Stryker is not run here. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { judge, type Report } from './judge.ts'
import { PORTIONS, portionsOf } from './plan.ts'
import { collect, tap as standIn } from './stand-in.ts'
import { SURVIVORS } from './survivors.ts'
import { strykerPlugins } from './texts.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const SOURCE = 'function f(a: number) {\n  return a < 1\n}\n'

function reportOf(...statuses: string[]): Report {
  const location = { start: { line: 2, column: 10 }, end: { line: 2, column: 15 } }
  const mutants = statuses.map((status) => ({
    mutatorName: 'EqualityOperator',
    replacement: 'a <= 1',
    status,
    location,
  }))
  return { files: { 'src/a.ts': { source: SOURCE, mutants } } }
}

const LIVES = { file: 'src/a.ts', line: 'return a < 1', change: 'a < 1 -> a <= 1' }

void tap.test('mutants are counted by what became of them; texts are not counted', async (t) => {
  const { figures } = judge(
    reportOf('Killed', 'Killed', 'RuntimeError', 'Timeout', 'Survived', 'NoCoverage', 'Ignored'),
    [],
  )
  t.same(figures, [{ file: 'src/a.ts', mutants: 6, killed: 3, timedOut: 1, survived: 2 }])
  t.throws(() => judge(reportOf('CompileError'), []), /could not be run/)
})

void tap.test('a survivor without a reason is found, and a reason without a survivor', async (t) => {
  t.same(judge(reportOf('Survived'), []).unlisted, [LIVES])
  t.same(judge(reportOf('NoCoverage'), []).unlisted, [LIVES])
  const listed = { ...LIVES, why: 'equivalent' }
  t.match(judge(reportOf('Survived'), [listed]), { unlisted: [], stale: [] })
  t.same(judge(reportOf('Killed'), [listed]).stale, [listed])
  t.same(judge(reportOf('Killed'), [{ ...listed, file: 'src/b.ts' }]).stale, [], 'b was not mutated')
})

void tap.test('every listed survivor has a reason, and its line is in its file', async (t) => {
  const files = new Set(PORTIONS.flatMap((portion) => portion.files))
  for (const { file, line, why } of SURVIVORS) {
    t.ok(files.has(file), file)
    t.ok(why.length > 10, line)
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n')
    t.ok(
      lines.some((one) => one.trim() === line),
      `${file}: ${line}`,
    )
  }
})

void tap.test('the files and tests of the plan exist, and a file that is not in it is refused', async (t) => {
  const named = PORTIONS.flatMap(({ files, tests }) => [...files, ...tests])
  t.same(
    named.filter((file) => !existsSync(join(ROOT, file))),
    [],
  )
  t.equal(portionsOf([]).length, PORTIONS.length)
  t.same(
    portionsOf(['src/protocol/websocket/frame.ts']).map(({ files }) => files),
    [['src/protocol/websocket/frame.ts']],
  )
  t.throws(() => portionsOf(['src/cli.ts']), /src\/cli\.ts: not mutated/)
})

void tap.test('texts for people are left out, words that decide are not', async (t) => {
  const { shouldIgnore } = strykerPlugins[0]!.value
  t.ok(shouldIgnore({ node: { type: 'StringLiteral', value: 'no time is left' } }))
  t.ok(shouldIgnore({ node: { type: 'TemplateLiteral', quasis: [{ value: { raw: 'after ' } }] } }))
  t.notOk(shouldIgnore({ node: { type: 'StringLiteral', value: 'lame-duck' } }))
  t.notOk(shouldIgnore({ node: { type: 'TemplateLiteral', quasis: [{ value: { raw: '/prestop/' } }] } }))
  t.notOk(shouldIgnore({ node: { type: 'NumericLiteral', value: 1 } }))
})

void tap.test('the stand-in of tap fails where tap fails, and undoes what a test did', async (t) => {
  const undone: string[] = []
  const [fine, ...wrong] = await collect('a.test.ts', async () => {
    void standIn.test('fine', async (s) => {
      s.teardown(() => undone.push('fine'))
      s.ok(1)
      s.notOk(0)
      s.equal(NaN, NaN)
      s.not(1, 2)
      s.same({ a: [1] }, { a: [1] })
      s.match({ a: 'xyz', b: 1 }, { a: /y/ })
      s.notMatch('xyz', 'q')
      s.throws(() => JSON.parse('{'), /JSON/)
      await s.rejects(Promise.reject(new Error('no')), /no/)
      await s.test('inner', async (inner) => inner.ok(true))
    })
    void standIn.test('skipped', { skip: 'no nginx' }, async (s) => s.fail())
    void standIn.test('ok', async (s) => s.ok(0))
    void standIn.test('notOk', async (s) => s.notOk(1))
    void standIn.test('equal', async (s) => s.equal(1, '1'))
    void standIn.test('not', async (s) => s.not(1, 1))
    void standIn.test('same', async (s) => s.same({ a: 1 }, { a: 2 }))
    void standIn.test('match', async (s) => s.match('abc', /d/))
    void standIn.test('notMatch', async (s) => s.notMatch('abc', /b/))
    void standIn.test('doesNotThrow', async (s) => s.doesNotThrow(() => JSON.parse('{')))
    void standIn.test('throws', async (s) => s.throws(() => 1))
    void standIn.test('throws another', async (s) => s.throws(() => JSON.parse('{'), /other/))
    void standIn.test('rejects', async (s) => s.rejects(Promise.resolve()))
    void standIn.test('rejects another', async (s) => s.rejects(Promise.reject(new Error('no')), /yes/))
    void standIn.test('fail', async (s) => s.fail())
    void standIn.test('inner', async (s) => s.test('inner', async (inner) => inner.fail()))
  })
  await fine!.run()
  t.same(undone, ['fine'])
  t.equal(fine!.id, 'a.test.ts: fine')
  t.equal(wrong.length, 14)
  for (const { id, run } of wrong) await t.rejects(run(), id)
})
