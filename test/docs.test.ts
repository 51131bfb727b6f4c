/** What the documentation says about options and phases is what the code says. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { between } from '../bench/report/write.ts'
import { drawRooms } from '../scripts/rooms.ts'
import { OPTIONS } from '../src/proxy/config/options.ts'
import { APP_FAULTS, fullAnswer } from '../src/protocol/http1/answer.ts'
import { REFUSAL_NAMES, refusalRow } from '../src/protocol/http1/refusal.ts'
import { readSource, type Source } from './fixtures/sources.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

void tap.test('the table of options and the picture of the lifecycle are fresh', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/docs.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  t.equal(status, 0, `${stdout}${stderr}`)
  const page = readFileSync(join(ROOT, 'docs/options.md'), 'utf8')
  for (const { flag } of Object.values(OPTIONS)) t.match(page, `| \`--${flag} `)
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

void tap.test('a stale table of options is found, and written anew', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'lastcall-docs-'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  for (const path of ['src', 'scripts', 'docs', 'k8s/monitoring', 'package.json', 'test/fixtures/sources.ts'])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const page = join(copy, 'docs/options.md')
  const fresh = readFileSync(page, 'utf8')
  const stale = fresh.replace('`--settle DURATION` | `3s`', '`--settle DURATION` | `4s`')
  t.not(stale, fresh)
  writeFileSync(page, stale)

  const { status, stdout } = spawnSync(process.execPath, ['scripts/docs.ts', '--check'], {
    cwd: copy,
    encoding: 'utf8',
  })
  t.equal(status, 1)
  t.equal(stdout, 'docs/options.md is stale: npm run docs\n')
  execFileSync(process.execPath, ['scripts/docs.ts'], { cwd: copy })
  t.equal(readFileSync(page, 'utf8'), fresh)
})

void tap.test(
  'the picture of rooms has every room, and leaves out arrows that follow from others',
  async (t) => {
    const lines = drawRooms([
      source('cli.ts', './proxy/main.ts'),
      source('proxy/main.ts', './relay/pair.ts', '../protocol/http1/head.ts', 'node:net'),
      source('proxy/relay/pair.ts', './port.ts', '../../protocol/http1/head.ts'),
      readSource('protocol/http1/head.ts', "const y = await import('../../words.ts')\n"),
    ]).split('\n')
    t.same(
      lines.filter((line) => line.includes('>')).map((line) => line.trim()),
      [
        'cli_ts --> proxy_main_ts',
        'protocol_http1 -.-> words_ts',
        'proxy_main_ts --> proxy_relay',
        'proxy_relay --> protocol_http1',
      ],
    )
    t.ok(lines.includes('    proxy_relay["relay"]'))
    t.ok(lines.includes('  words_ts["words.ts"]'))
  },
)

void tap.test('the benchmark finds its place in docs/performance.md', async (t) => {
  const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8')
  const written = between(page, 'NEW')
  t.match(written, '<!-- bench -->\n\nNEW\n\n<!-- /bench -->')
  t.notMatch(written, 'CPU per MiB down')
  t.ok(written.startsWith('# Performance\n'))
  t.match(written, '## Rehearsals')
  t.throws(() => between('no marks', 'NEW'), /performance\.md has no <!-- bench -->/)
})

/** A file of src at this path that imports these. */
function source(path: string, ...to: string[]): Source {
  return readSource(path, to.map((one) => `import { x } from '${one}'\n`).join(''))
}
