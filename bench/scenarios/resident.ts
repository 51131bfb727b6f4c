/** Resident memory of a peer, in MiB. */

import { forgetPeak, memory } from '../proc.ts'
import type { Running } from '../rig.ts'

const MIB = 1024 * 1024

/** Begins to watch; the returned function says the most that was resident since. 0 where there is no proxy. */
export function peakOf(peer: Running): () => number {
  forgetPeak(peer.pids())
  return () => memory(peer.pids()).peak / MIB
}

export function residentBytes(peer: Running): number {
  return memory(peer.pids()).resident
}

export function residentMiB(peer: Running): number {
  return residentBytes(peer) / MIB
}
