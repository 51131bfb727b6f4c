/**
 * How many clients may be connected, and what sets that limit: --max-connections, the limit of open files, or the
 * memory limit of the container. Pure.
 */

import { leastDescriptors, shares, type Shares } from './descriptors.ts'

export interface ConnectionLimit extends Shares {
  readonly kind: 'ok'
  /** How many bytes may be held for all clients together because they cannot be sent on. */
  readonly bufferedBytes: number
  /** For the log and for clients that are turned away: `--max-connections`, `memory limit 128 MiB`, ... */
  readonly setBy: string
}

export type ConnectionLimits = ConnectionLimit | { readonly kind: 'impossible'; readonly problem: string }

const KIB = 1024
const MIB = 1024 * KIB
/**
 * What lastcall itself needs under load, including the buffers that all connections share (bench/README.md: memory).
 */
const OWN_BYTES = 80 * MIB
/**
 * What a connection needs: 10 to 20 KiB when idle, with its connection to the app (measured with 2,000 and 5,000), and
 * one read of 32 KiB that the other side does not take.
 */
const CONNECTION_BYTES = 52 * KIB
/**
 * The part of the memory limit for connections that hold more than that, up to 180 KiB each (measured with clients that
 * pipeline to an app that hangs). Once it is used up, each connection holds one read at most.
 */
const HELD_SHARE = 1 / 8
const USUAL_HELD_BYTES = 128 * MIB
/**
 * The limit if there is less memory than lastcall itself needs. The kernel may kill it then, but not because of these.
 */
const LEAST_CONNECTIONS = 64

/**
 * Returns the limit for `wanted` connections (0: as many as possible), `descriptors` file descriptors, `memory` in
 * bytes (undefined: unlimited) and `ports` ports. An explicit number is not lowered for memory, which may suffice after
 * all, but it is lowered for file descriptors, which would not.
 */
export function connectionLimit(
  wanted: number,
  descriptors: number,
  memory: number | undefined,
  ports = 1,
): ConnectionLimits {
  const shared = shares(descriptors, ports)
  if (shared === undefined) {
    const problem =
      `the limit of open files is ${descriptors}: lastcall needs at least ${leastDescriptors(ports)} to serve clients and ` +
      `to answer hooks and probes. Raise it (ulimit -n, or LimitNOFILE of the container runtime).`
    return { kind: 'impossible', problem }
  }
  const bufferedBytes = memory === undefined ? USUAL_HELD_BYTES : memory * HELD_SHARE
  const byDescriptors = {
    kind: 'ok',
    ...shared,
    bufferedBytes,
    setBy: `limit of open files ${descriptors}`,
  } as const
  const bySize = wanted > 0 ? wanted : memory === undefined ? Infinity : connectionsIn(memory)
  if (bySize >= shared.connections) return byDescriptors
  const setBy = wanted > 0 ? '--max-connections' : `memory limit ${Math.floor(memory! / MIB)} MiB`
  return { ...byDescriptors, connections: bySize, setBy }
}

function connectionsIn(memory: number): number {
  const left = memory * (1 - HELD_SHARE) - OWN_BYTES
  return Math.max(LEAST_CONNECTIONS, Math.floor(left / CONNECTION_BYTES))
}
