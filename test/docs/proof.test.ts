/**
 * docs/proof.md is true: its tests exist under their names, its commands run them, every promise of README and design has
 * a row, and its figures are those of README and of the benchmark.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = read('docs/proof.md')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

interface Named {
  readonly file: string
  readonly name: string
}

interface Row {
  readonly promise: string
  readonly tests: readonly Named[]
  readonly commands: readonly string[]
}

void tap.test('every test that is named exists', async (t) => {
  const named = rowsOf(page).flatMap(({ tests }) => tests)
  t.ok(named.length > 60, `${named.length} tests are named`)
  t.same(named.filter(isMissing), [])
})

void tap.test('every row has tests, and its commands run them', async (t) => {
  const rows = rowsOf(page)
  t.ok(rows.length > 25, `${rows.length} rows are read`)
  t.same(rows.flatMap(notRun), [])
})

void tap.test('every command of the page exists', async (t) => {
  t.same(unknownCommands(page), [])
})

void tap.test('every promise of the README has a row, with its figures', async (t) => {
  const readme = read('README.md')
  const promises = bullets(readme.slice(0, readme.indexOf('\n## ')))
  t.ok(promises.length >= 5, `${promises.length} promises are read`)
  t.same(promises.flatMap(unproven), [])
})

void tap.test('every section of the design has a row, and so has each of its four promises', async (t) => {
  const design = read('docs/design.md')
  const anchors = [...design.matchAll(/^###? (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  t.ok(anchors.length > 15)
  t.same(
    anchors.filter((anchor) => !page.includes(`(design.md#${anchor})`)),
    [],
  )
  const after = design.slice(design.indexOf('Four promises follow from this:'))
  const four = bullets(after.slice(0, after.indexOf('\n### ')))
  t.equal(four.length, 4)
  const said = rowsOf(page).map(({ promise }) => promise)
  t.same(
    four.filter((promise) => !said.some((row) => row.startsWith(promise.slice(0, 25)))),
    [],
  )
})

void tap.test(
  'figures of the cluster are those of the README, figures of performance those of the benchmark',
  async (t) => {
    const [, cluster = '', performance = ''] = page.slice(page.indexOf('\n## Figures')).split('\n### ')
    const readme = read('README.md')
    const counts = numbers(cluster)
    t.ok(counts.length > 25, `${counts.length} figures of the cluster`)
    t.same(
      counts.filter((figure) => !numbers(readme).includes(figure)),
      [],
    )
    const results = numbers(read('bench/results/2026-11-21.md'))
    const measured = performance
      .slice(0, performance.indexOf('\n## '))
      .split('\n')
      .flatMap((line) => /^\|.*\| ([\d.]+) \| ([\d.]+) \|$/.exec(line)?.slice(1) ?? [])
    t.equal(measured.length, 16)
    t.same(
      measured.filter((figure) => !results.includes(figure)),
      [],
    )
  },
)

void tap.test('what is not true would be found', async (t) => {
  const file = 'test/docs/proof.test.ts'
  const [good] = oneRow(
    `[\`${file}\`](../${file}): “every command of the page exists”`,
    `\`npx tap ${file}\``,
  )
  t.same(good?.tests.filter(isMissing), [])
  t.same(notRun(good!), [])
  t.ok(isMissing({ file, name: 'a name that no test has' }))
  t.ok(isMissing({ file: 'test/none.test.ts', name: 'every command of the page exists' }))
  t.notOk(isMissing({ file: 'test/wire/smuggling.md', name: 'CL.TE' }))
  t.notOk(isMissing({ file: 'test/wire/wire.test.ts', name: '…:… …' }), 'a name with variants')
  t.same(oneRow(`[\`${file}\`](../${file}): “x”`, '`npx tap test/docs/d*.test.ts`').flatMap(notRun), [
    `a: ${file} is not run`,
  ])
  t.same(oneRow('none', '`npm test`').flatMap(notRun), ['a: no tests'])
  t.same(unknownCommands('`npm run nothing`, `npm test`, `npx tap test/none/*.test.ts`'), [
    'npm run nothing',
    'npx tap test/none/*.test.ts',
  ])
  t.same(unproven('**Nothing lost.** In 27 rollouts'), ['Nothing lost.: 27'])
  t.same(unproven('**Free.** Always'), ['Free.'])
})

function oneRow(tests: string, command: string): Row[] {
  return rowsOf(`| a | ${tests} | ${command} | |\n`)
}

/** The rows of the tables of promises: those whose second column names tests, or that have a command. */
function rowsOf(markdown: string): Row[] {
  return markdown.split('\n').flatMap((line) => {
    const [, promise = '', tests, commands, , end] = line.split(/ ?\| ?/)
    if (tests === undefined || commands === undefined || end === undefined || !commands.includes('`'))
      return []
    return [{ promise, tests: namesIn(tests), commands: codes(commands) }]
  })
}

/** Names in quotes belong to the file that is linked before them. */
function namesIn(cell: string): Named[] {
  let file = ''
  return [...cell.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)]+)\)|“([^”]+)”/g)].flatMap(([, text, target, name]) => {
    if (name !== undefined) return [{ file, name }]
    file = text === target ? text! : `${text} is not ${target}`
    return []
  })
}

/** What varies in a name (`${relay}`) is “…” on the page. A page of transcripts names its tests by its headings. */
function isMissing({ file, name }: Named): boolean {
  if (!existsSync(join(ROOT, file))) return true
  const text = read(file)
  if (file.endsWith('.md')) return !text.split('\n').includes(`## ${name}`)
  const calls = text.matchAll(/\btest\(\s*(?:`([^`]+)`|'((?:[^'\\]|\\.)+)'|"([^"]+)")/g)
  return ![...calls].some(
    ([, template, single, double]) =>
      (template?.replaceAll(/\$\{[^}]*\}/g, '…') ?? single?.replaceAll(/\\(.)/g, '$1') ?? double) === name,
  )
}

/** A transcript is run by the test beside it. `npm test` runs everything. */
function notRun({ promise, tests, commands }: Row): string[] {
  if (tests.length === 0) return [`${promise}: no tests`]
  const globs = commands.flatMap((command) => tapFiles(command) ?? [])
  return [...new Set(tests.map(({ file }) => file))]
    .map((file) => (file.endsWith('.md') ? `${dirname(file)}/wire.test.ts` : file))
    .filter((file) => !commands.includes('npm test') && !globs.some((glob) => matchesGlob(file, glob)))
    .map((file) => `${promise}: ${file} is not run`)
}

function unknownCommands(markdown: string): string[] {
  return codes(markdown).filter((code) => {
    const script = /^npm (?:run )?([\w:-]+)/.exec(code)?.[1]
    if (script !== undefined) return script !== 'install' && !Object.hasOwn(scripts, script)
    return tapFiles(code)?.some((glob) => globSync(glob, { cwd: ROOT }).length === 0) ?? false
  })
}

function tapFiles(command: string): string[] | undefined {
  return /npx tap (.+)$/.exec(command)?.[1]?.split(' ')
}

/** A promise begins with its name in bold letters, or is as a whole the beginning of its row. */
function unproven(promise: string): string[] {
  const name = /^\*\*([^*]+)\*\*/.exec(promise)?.[1] ?? promise
  const rows = page.split('\n').filter((line) => line.startsWith(`| **${name}`))
  if (rows.length === 0) return [name]
  return numbers(promise)
    .filter((figure) => !numbers(rows.join('\n')).includes(figure))
    .map((figure) => `${name}: ${figure}`)
}

function bullets(markdown: string): string[] {
  return [...markdown.matchAll(/^- ((?:.|\n {2})+)/gm)].map(([, text = '']) => text.replaceAll(/\n +/g, ' '))
}

function codes(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

function numbers(text: string): string[] {
  return [...text.matchAll(/\d[\d,]*(?:\.\d+)*/g)].map(([figure]) => figure.replace(/,$/, ''))
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
