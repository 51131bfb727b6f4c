/**
 * The tests on other releases of Node than the one of `npm test`, as a program: `npm run test:nodes -- [VERSION...]`.
 * Without a VERSION the oldest major that package.json allows, and the newest that npm's `node` package has. Each is
 * installed into a folder of its own, which goes afterwards. `--short` runs only what depends most on Node's inside.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ALL = ['relay', 'faults', 'wire', 'drain', 'servers', 'tcp', 'websocket', 'http2', 'admin', 'health']
const SHORT = ['relay/proof', 'relay/way', 'relay/bulk', 'faults/fallback', 'wire/wire']

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const versions = positionals.length > 0 ? positionals : [oldest(), 'latest']
const files = values.short
  ? SHORT.map((name) => `test/${name}.test.ts`)
  : ALL.map((folder) => `test/${folder}/*.test.ts`)

let failed = false
for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), 'lastcall-node-'))
  try {
    if (!(await passes(version, folder))) failed = true
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exitCode = failed ? 1 : 0

/** The major that `engines` begins with. */
function oldest(): string {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  return /\d+/.exec(engines.node)![0]
}

async function passes(version: string, folder: string): Promise<boolean> {
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...install, `node@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const bin = join(folder, 'node_modules', 'node', 'bin')
  const node = join(bin, 'node')
  console.log(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`)
  // tap's own account of it, if somebody counts, goes beside that of the ordinary tests.
  const account = process.env['TAP_OUTPUT_FILE']
  const child = spawn(node, [join(ROOT, 'node_modules', '.bin', 'tap'), ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env['PATH']}`,
      ...(account === undefined ? {} : { TAP_OUTPUT_FILE: `${account}.${version}` }),
    },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}
