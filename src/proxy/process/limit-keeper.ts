/**
 * The limit of connections while the program runs. Logs the limit and what sets it, and determines it again when it has
 * been reached, because the limit of open files can be changed from outside (prlimit). Shell.
 */

import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import { type ConnectionLimit, type ConnectionLimits, connectionLimit } from './connection-limit.ts'
import { descriptorLimit, USUAL_LIMIT } from './descriptors.ts'
import { memoryLimit } from './memory-limit.ts'
import { onceASecond } from './once-a-second.ts'

/** What was missing for a client. */
export type Lack = 'room' | 'descriptors'

export interface LimitKeeper {
  /** Never `impossible` once the program runs. */
  readonly limit: ConnectionLimit
  /** Cheap enough to call for each refused client; logged once a second. */
  readonly lacked: (what: Lack) => void
  /** Called with each limit after the first. */
  onChange: (limit: ConnectionLimit) => void
}

/** Determines the limit and logs it. If nothing can be served with it, logs why and returns undefined. */
export function keepLimit(
  { maxConnections, ports }: { readonly maxConnections: number; readonly ports: readonly unknown[] },
  clock: Clock,
  log: Pick<Logger, 'info' | 'warn' | 'fatal'>,
): LimitKeeper | undefined {
  // Reading either file needs a descriptor, and later there may be none.
  const memory = memoryLimit()
  let descriptors = USUAL_LIMIT
  const look = (): ConnectionLimits => {
    descriptors = descriptorLimit() ?? descriptors
    return connectionLimit(maxConnections, descriptors, memory, ports.length)
  }
  const first = look()
  if (first.kind === 'impossible') {
    log.fatal(first.problem)
    return undefined
  }
  let limit = first
  const tell = (): void =>
    log.info(
      { maxConnections: limit.connections, setBy: limit.setBy },
      `max connections: ${printLimit(limit)}`,
    )
  tell()

  const lacked = (what: Lack, leftOut: number): void => {
    const fields = { maxConnections: limit.connections, ...(leftOut > 0 && { leftOut }) }
    if (what === 'room')
      log.warn(fields, `refused a client because no connection is idle: max connections ${printLimit(limit)}`)
    else log.warn(fields, `out of file descriptors (EMFILE): the limit of open files is ${descriptors}`)
    const now = look()
    if (now.kind === 'impossible' || now.connections === limit.connections) return
    limit = now
    tell()
    keeper.onChange(limit)
  }
  const byKind = {
    room: onceASecond<Lack>(clock, lacked),
    descriptors: onceASecond<Lack>(clock, lacked),
  }
  const keeper: LimitKeeper = {
    get limit() {
      return limit
    },
    lacked: (what) => byKind[what](what),
    onChange: () => undefined,
  }
  return keeper
}

/** `3,400 (memory limit 128 MiB)` */
function printLimit({ connections, setBy }: ConnectionLimit): string {
  // Not toLocaleString: the first use of Intl maps 6 MiB of ICU's data into every sidecar.
  const text = String(connections).replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return `${text} (${setBy})`
}
