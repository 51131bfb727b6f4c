/**
 * File descriptors: how many this process may have, and how they are divided. What the admin port and the health checks
 * need is reserved first, whatever the limit is: a refused hook costs the pod its drain, and a health check without a
 * socket makes a healthy app look dead. Node offers no getrlimit.
 */

import { readFileSync } from 'node:fs'

/** The usual limit; used where the real one cannot be read. */
export const USUAL_LIMIT = 1024

export interface Shares {
  /** Client connections. Each may have a connection to the app as well. */
  readonly connections: number
  /** Connections that are being turned away, and as many again that linger after making room. */
  readonly leaving: number
  /** Connections to the admin port. */
  readonly admin: number
}

/** Node itself, listeners, log (25 at rest), health checks, the watch of the app, files that are read or loaded. */
const OWN = 48
/** For each port after the first: its listener, its health check, its watch of the app. */
const EACH_PORT = 3
/** The least number of clients that is useful: a balancer's health checks and a few browsers. */
const LEAST_CONNECTIONS = 16
/** A hook for each container, a probe and a scrape at the same time. */
const LEAST_ADMIN = 8
const MOST_ADMIN = 512
const LEAST_LEAVING = 4
const MOST_LEAVING = 64

/** The smallest limit with which lastcall starts. */
export function leastDescriptors(ports = 1): number {
  return ownOf(ports) + LEAST_ADMIN + 2 * LEAST_LEAVING + 2 * LEAST_CONNECTIONS
}

function ownOf(ports: number): number {
  return OWN + (ports - 1) * EACH_PORT
}

/** Divides `limit` descriptors for this many ports; undefined if they are too few. */
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

/** What "unlimited" means: Linux never allows more (fs.nr_open). */
const UNLIMITED = 1_048_576

/**
 * The current limit of open files of this process; undefined if it cannot be read because no descriptor is left. It can
 * be changed from outside while the process runs (prlimit).
 */
export function descriptorLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return line === null ? undefined : line[1] === 'unlimited' ? UNLIMITED : Number(line[1])
  } catch {
    return undefined
  }
}
