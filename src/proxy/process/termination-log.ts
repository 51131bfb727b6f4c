/** The termination message of the container, which `kubectl describe pod` shows (terminationMessagePath). */

import { existsSync, writeFileSync } from 'node:fs'

const PATH = '/dev/termination-log'

/** Writes the verdict to the file that Kubernetes reads; does nothing if there is none or it cannot be written. */
export function writeTerminationLog(text: string): void {
  try {
    if (existsSync(PATH)) writeFileSync(PATH, `${text}\n`)
  } catch {
    // Not worth an exit code: the log contains the same line.
  }
}
