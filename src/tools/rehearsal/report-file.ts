/**
 * The files that a rehearsal leaves: checked before it runs, so that nothing is run for nothing, and written at once, so
 * that a reader never finds half of one.
 */

import { randomBytes } from 'node:crypto'
import { accessSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Why `file` cannot be written; undefined if it can. Leaves nothing behind. */
export function unwritable(file: string): string | undefined {
  try {
    const path = target(file)
    const there = statSync(path, { throwIfNoEntry: false })
    if (there?.isDirectory() === true) return 'it is a folder'
    if (there !== undefined) accessSync(path, constants.W_OK)
    if (there?.isFile() === false) return undefined
    const trial = beside(path)
    writeFileSync(trial, '', { flag: 'wx' })
    rmSync(trial)
    return undefined
  } catch (error) {
    return reason(error as NodeJS.ErrnoException, file)
  }
}

/** Writes the whole file, or throws and leaves what was there. */
export function writeWhole(file: string, text: string): void {
  const path = target(file)
  // What is no file, such as /dev/stdout, cannot be replaced.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return writeFileSync(path, text)
  const next = beside(path)
  try {
    writeFileSync(next, text, { flag: 'wx' })
    renameSync(next, path)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

/** A link stays a link: what it leads to is written. */
function target(file: string): string {
  const path = resolve(file)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? realpathSync(path) : path
}

function beside(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`
}

function reason({ code, message }: NodeJS.ErrnoException, file: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no folder ${dirname(file)}`
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EROFS':
      return 'the file system is read-only'
    case undefined:
    default:
      return message
  }
}
