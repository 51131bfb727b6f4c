/** The container's last words, which `kubectl describe pod` shows (terminationMessagePath). */

import { existsSync, writeFileSync } from 'node:fs'

const PATH = '/dev/termination-log'

/** Writes the verdict where Kubernetes looks for it; elsewhere, or where it may not, does nothing. */
export function writeTerminationLog(text: string): void {
  try {
    if (existsSync(PATH)) writeFileSync(PATH, `${text}\n`)
  } catch {
    // Not worth an exit code: the same line is in the log.
  }
}
