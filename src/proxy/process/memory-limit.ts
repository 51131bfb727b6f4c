/**
 * The memory that this process may use before the kernel kills it: the limit of its cgroup, version 1 or 2, or of a
 * parent cgroup. In a container its own cgroup is usually mounted as the root, and the path in /proc/self/cgroup may
 * name a place outside of that, so both are tried.
 */

import { readFileSync } from 'node:fs'

/** Reads a text file; throws if it cannot. Tests pass their own. */
export type ReadText = (path: string) => string

const ROOT = '/sys/fs/cgroup'
/** In version 1, "no limit" is a number: the largest multiple of a page in 63 bits. */
const NO_LIMIT = 2 ** 60

const readText: ReadText = (path) => readFileSync(path, 'latin1')

/** Returns the smallest limit in bytes; undefined if there is none or none can be read. */
export function memoryLimit(read: ReadText = readText): number | undefined {
  const limits = paths(read).map((path) => limitIn(read, path))
  const least = Math.min(...limits)
  return least < NO_LIMIT ? least : undefined
}

/** Returns every file that may contain a limit for this process. */
function paths(read: ReadText): string[] {
  const files: string[] = []
  for (const line of tried(read, '/proc/self/cgroup').split('\n')) {
    // hierarchy-ID:controllers:path. Version 2 is hierarchy 0 without controllers.
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (id === '0' && controllers === '') {
      for (const folder of upwards(path))
        files.push(`${ROOT}${folder}/memory.max`, `${ROOT}/unified${folder}/memory.max`)
    } else if (controllers!.split(',').includes('memory'))
      for (const folder of upwards(path)) files.push(`${ROOT}/memory${folder}/memory.limit_in_bytes`)
  }
  return files
}

/** Returns `/a/b`, `/a` and the root, which is the empty text. */
function upwards(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  return Array.from({ length: names.length + 1 }, (_, up) =>
    names
      .slice(0, names.length - up)
      .map((name) => `/${name}`)
      .join(''),
  )
}

function limitIn(read: ReadText, path: string): number {
  const text = tried(read, path).trim()
  return /^\d+$/.test(text) ? Number(text) : Infinity
}

function tried(read: ReadText, path: string): string {
  try {
    return read(path)
  } catch {
    return ''
  }
}
