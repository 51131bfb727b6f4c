/**
 * File descriptors: how many this process may have, and how they are shared out. What the admin port and the health
 * check need is set aside first, whatever the limit is: a hook that is refused costs the pod its drain, and a health check
 * without a socket makes a healthy app look dead. Node offers no getrlimit.
 */

import { readFileSync } from 'node:fs'

/** What most systems give: for where the limit cannot be read. */
export const USUAL_LIMIT = 1024

export interface Shares {
  /** Client connections; each may have one to the app beside it. */
  readonly connections: number
  /** Connections above those that are being told so, and as many that make room and linger. */
  readonly leaving: number
  /** Connections to the admin port. */
  readonly admin: number
}

/** Node itself, listeners, log (25 at rest), health checks, the watch on the app, files that are read or loaded. */
const OWN = 48
/** What each port beyond the first needs: its listener, its health check, its watch on the app. */
const EACH_PORT = 3
/** Fewer client connections than this are of no use: a balancer's health checks and a browser or two. */
const LEAST_CONNECTIONS = 16
/** A hook for each container, a probe and a scrape at the same time. */
const LEAST_ADMIN = 8
const MOST_ADMIN = 512
const LEAST_LEAVING = 4
const MOST_LEAVING = 64

/** The least limit with which lastcall starts. */
export function leastDescriptors(ports = 1): number {
  return ownOf(ports) + LEAST_ADMIN + 2 * LEAST_LEAVING + 2 * LEAST_CONNECTIONS
}

function ownOf(ports: number): number {
  return OWN + (ports - 1) * EACH_PORT
}

/** How `limit` descriptors are shared out where so many ports are served; undefined if they are too few. */
export function shares(limit: number, ports = 1): Shares | undefined {
  if (limit < leastDescriptors(ports)) return undefined
  const admin = bounded(limit / 16, LEAST_ADMIN, MOST_ADMIN)
  const leaving = bounded(limit / 32, LEAST_LEAVING, MOST_LEAVING)
  const connections = Math.floor((limit - ownOf(ports) - admin - 2 * leaving) / 2)
  return { connections, leaving, admin }
}

function bounded(value: number, least: number, most: number): number {
  return Math.floor(Math.min(most, Math.max(least, value)))
}

/** What "unlimited" comes to: Linux never gives more (fs.nr_open). */
const UNLIMITED = 1_048_576

/**
 * The limit of open files of this process now; undefined where it cannot be read, as there is no descriptor left to read
 * it with. It can be changed from outside while the process runs (prlimit).
 */
export function descriptorLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return line === null ? undefined : line[1] === 'unlimited' ? UNLIMITED : Number(line[1])
  } catch {
    return undefined
  }
}
