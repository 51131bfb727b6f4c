/**
 * Scenario 4, image size: what the layers of the Dockerfile weigh compressed. No container engine is asked: Node's own
 * binary, the compiled program, its production dependencies, and Debian's packages that the base image is made of are
 * packed as a registry would (tar and gzip). An estimate, to be replaced by `docker images` where there is an engine.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Rig } from '../rig.ts'
import type { Scenario } from './scenario.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** gcr.io/distroless/cc-debian12, on which distroless Node stands. */
const BASE = [
  'base-files',
  'netbase',
  'tzdata',
  'media-types',
  'ca-certificates',
  'libc6',
  'libgcc-s1',
  'libgomp1',
  'libssl3',
  'libstdc++6',
]
const MIB = 1024 * 1024

export const image: Scenario = {
  name: 'image',
  title: 'Image size, compressed',
  rounds: 1,
  run: async (rig: Rig) => {
    rig.options.progress('image: packing')
    const program = packed(ROOT, [
      'dist',
      '--exclude=dist/tools',
      '--exclude=node_modules/yaml',
      'package.json',
      'LICENSE',
      ...productionModules(),
    ])
    const runtime = packed(dirname(process.execPath), ['node'], ['--dereference'])
    const base = baseBytes()
    const values = {
      imageMiB: (program + runtime + (base ?? 0)) / MIB,
      runtimeMiB: runtime / MIB,
      programMiB: program / MIB,
      ...(base === undefined ? {} : { baseMiB: base / MIB }),
    }
    rig.note({
      scenario: 'image',
      case: base === undefined ? 'node, dist and node_modules, without the base' : 'packed from its parts',
      peer: 'lastcall',
      round: 1,
      values,
      marks: [],
    })
  },
}

/** What the base image is made of, by the names of Debian's packages, where this is a Debian that has them all. */
function baseBytes(): number | undefined {
  try {
    const text = execFileSync('dpkg-query', ['-L', ...BASE], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const paths = text.split('\n')
    const files = paths.filter(
      (path) => path.startsWith('/') && !path.startsWith('/usr/share/doc') && isFile(path),
    )
    return packed(
      '/',
      files.map((path) => path.slice(1)),
    )
  } catch {
    return undefined
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
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
