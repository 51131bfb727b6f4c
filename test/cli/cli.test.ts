/** The program's face without a proxy behind it: help, version, mistakes, a reader that leaves. Real processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import tap from 'tap'
import { OPTIONS } from '../../src/proxy/config/options.ts'
import { entry } from '../fixtures/sidecar.ts'

const WIDTH = 100

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

void tap.test('--help names every option, command and default, and fits 100 columns', async (t) => {
  const { code, out, err } = await lastcall(['--help'])
  t.equal(code, 0)
  t.equal(err, '')
  for (const { flag, initial } of Object.values(OPTIONS)) {
    t.match(out, new RegExp(`^  --${flag} `, 'm'))
    if (initial.kind === 'text')
      t.ok(out.replace(/\s+/g, ' ').includes(`[${initial.text}]`), `default of ${flag}`)
  }
  t.match(out, /^ {2}drain .*\n {2}resume .*\n {2}status /m)
  const wide = out.split('\n').filter((line) => line.length > WIDTH || line !== line.trimEnd())
  t.same(wide, [])
})

void tap.test('each command has a help of its own', async (t) => {
  for (const command of ['drain', 'resume', 'status']) {
    const { code, out } = await lastcall([command, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^lastcall ${command}: .*--admin URL.*--token TOKEN.*--json`, 's'))
    t.same(
      out.split('\n').filter((line) => line.length > WIDTH),
      [],
    )
  }
})

void tap.test('--version is the one of package.json', async (t) => {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(file) as { version: string }
  t.same(await lastcall(['--version']), { code: 0, out: `${version}\n`, err: '' })
})

void tap.test('errors of the command line are all on stderr, with exit code 2', async (t) => {
  const { code, out, err } = await lastcall(['--settle', '3', '--lsten=:1'], { LASTCALL_QUIET: '2' })
  t.equal(code, 2)
  t.equal(out, '')
  t.same(err.split('\n'), [
    'lastcall: 3 errors',
    '  --lsten: unknown flag; did you mean --listen?',
    '  --settle 3: add a unit: 3s or 3ms',
    '  LASTCALL_QUIET=2: add a unit: 2s or 2ms',
    'See lastcall --help',
    '',
  ])
})

void tap.test('an unknown command, and errors of a command, are reported in the same way', async (t) => {
  t.match(await lastcall(['drian']), {
    code: 2,
    out: '',
    err: /drian: no such command; did you mean drain\?/,
  })
  t.match(await lastcall(['status', '--jsn']), {
    code: 2,
    out: '',
    err: /--jsn: unknown flag; did you mean --json\?/,
  })
  t.match(await lastcall(['status', '--admin=nowhere']), { code: 2, err: /--admin nowhere: not an address/ })
  t.match(await lastcall(['status'], { LASTCALL_TOKEN: 'a b' }), {
    code: 2,
    err: /LASTCALL_TOKEN: must be visible/,
  })
})

void tap.test('a reader that has left is no error', async (t) => {
  const child = spawn(process.execPath, [entry('src'), '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const err = text(child.stderr)
  t.same(await once(child, 'exit'), [0, null])
  t.equal(await err, '')
})

async function lastcall(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const child = spawn(process.execPath, [entry('src'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, out, err }
}
