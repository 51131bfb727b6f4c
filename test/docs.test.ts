/** What the documentation says about options and phases is what the code says. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { OPTIONS } from '../src/config/options.ts'
import { APP_FAULTS, fullAnswer } from '../src/http1/answer.ts'
import { REFUSAL_NAMES, refusalRow } from '../src/http1/refusal.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

void tap.test('the table of options and the picture of the lifecycle are fresh', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/docs.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  t.equal(status, 0, `${stdout}${stderr}`)
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  for (const { flag } of Object.values(OPTIONS)) t.match(readme, `| \`--${flag} `)
})

void tap.test("README's list of lastcall's own answers is the one of the code", async (t) => {
  const own = new Set([
    ...REFUSAL_NAMES.map((_, i) => refusalRow(-i - 1).status),
    ...Object.values(APP_FAULTS).map(({ status }) => status),
    Number(fullAnswer('').toString('latin1').split(' ', 2)[1]),
  ])
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ')
  const list = /answers of its own \((?<codes>[^)]+)\)/.exec(readme)?.groups?.['codes']
  t.equal(list, [...own].toSorted((a, b) => a - b).join(', '))
})

void tap.test('a stale README is found, and written anew', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'lastcall-docs-'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  for (const path of ['src', 'docs', 'README.md', 'package.json'])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const fresh = readFileSync(join(copy, 'README.md'), 'utf8')
  writeFileSync(
    join(copy, 'README.md'),
    fresh.replace('`--settle DURATION` | `3s`', '`--settle DURATION` | `4s`'),
  )

  const { status, stdout } = spawnSync(process.execPath, ['src/docs.ts', '--check'], {
    cwd: copy,
    encoding: 'utf8',
  })
  t.equal(status, 1)
  t.equal(stdout, 'README.md is stale: npm run docs\n')
  execFileSync(process.execPath, ['src/docs.ts'], { cwd: copy })
  t.equal(readFileSync(join(copy, 'README.md'), 'utf8'), fresh)
})
