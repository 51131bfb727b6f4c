/**
 * Scenario 4, image size: what the layers of the Dockerfile weigh compressed. No container engine is asked: Node's own
 * binary, the compiled program and its production dependencies are packed as a registry would (tar and gzip). The base
 * image's libraries and certificates come on top, and are not counted; the report says so.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Rig } from '../rig.ts'
import type { Scenario } from './scenario.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MIB = 1024 * 1024

export const image: Scenario = {
  name: 'image',
  title: 'Image size, compressed',
  rounds: 1,
  run: async (rig: Rig) => {
    rig.options.progress('image: packing')
    const program = packed(ROOT, [
      'dist',
      '--exclude=dist/demo',
      'package.json',
      'LICENSE',
      ...productionModules(),
    ])
    const runtime = packed(dirname(process.execPath), ['node'], ['--dereference'])
    const values = {
      imageMiB: (program + runtime) / MIB,
      runtimeMiB: runtime / MIB,
      programMiB: program / MIB,
    }
    rig.note({
      scenario: 'image',
      case: 'node, dist and node_modules',
      peer: 'lastcall',
      round: 1,
      values,
      marks: [],
    })
  },
}

/** Bytes of a gzipped tar of these paths. */
function packed(folder: string, paths: readonly string[], flags: readonly string[] = []): number {
  const script = 'tar -C "$0" -cf - "$@" | gzip -9 | wc -c'
  return Number(execFileSync('sh', ['-c', script, folder, ...flags, ...paths], { encoding: 'utf8' }))
}

function productionModules(): string[] {
  const list = ['ls', '--omit=dev', '--all', '--parseable']
  const text = execFileSync('npm', list, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return text
    .split('\n')
    .map((path) => relative(ROOT, path))
    .filter((path) => path.startsWith('node_modules') && existsSync(`${ROOT}/${path}`))
}
