/** How many connections this process can hold, by its limit of file descriptors. Node offers no getrlimit. */

import { readFileSync } from 'node:fs'

/** For the listeners, the log, health checks, the admin server's own connections (see ADMIN_LIMITS) and Node itself. */
const RESERVED = 640
/** Where the limit cannot be read: what most systems give. */
const USUAL_LIMIT = 1024
const LEAST = 128

/** Client connections to serve at most; each may have one to the app. `wanted` 0 stands for as many as possible. */
export function connectionLimit(wanted: number): number {
  const possible = Math.max(LEAST, Math.floor((descriptorLimit() - RESERVED) / 2))
  return wanted === 0 ? possible : Math.min(wanted, possible)
}

function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return line === null ? USUAL_LIMIT : line[1] === 'unlimited' ? 1_000_000 : Number(line[1])
  } catch {
    return USUAL_LIMIT
  }
}
