/** The package as npm installs it: kubectl finds the plugin by its name. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const kubectl = installed('kubectl')

async function run(command: string, args: readonly string[], path: string): Promise<string> {
  const env = { PATH: path, HOME: process.env['HOME'], npm_config_cache: process.env['npm_config_cache'] }
  const child = spawn(command, args, { cwd: ROOT, env, timeout: 120_000 })
  child.stdin.end()
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(code)}\n${out}${err}`)
  return out
}

void tap.test('npm install -g gives kubectl the plugin', { skip: missing(kubectl, 'kubectl') }, async (t) => {
  if (!existsSync(join(ROOT, 'dist/kubectl.js'))) throw new Error('no dist: run npm run build first')
  const prefix = folder(t)
  const path = process.env['PATH'] ?? ''
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', prefix], path)
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  // Its dependencies are in npm's cache since the checkout was installed.
  await run(
    'npm',
    [
      'install',
      '-g',
      '--prefix',
      prefix,
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--omit=optional',
      join(prefix, filename),
    ],
    path,
  )
  const withPlugin = [join(prefix, 'bin'), path].join(delimiter)
  t.match(await run(kubectl!, ['plugin', 'list'], withPlugin), join(prefix, 'bin/kubectl-lastcall'))
  t.match(await run(kubectl!, ['lastcall', '--version'], withPlugin), /^\d+\.\d+\.\d+/)
  t.match(
    await run(kubectl!, ['lastcall', 'add', '--help'], withPlugin),
    /kubectl lastcall add: put lastcall in front/,
  )
})
