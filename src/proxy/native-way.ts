/**
 * Chooses the path of the relay: socket handles if they are wanted and have been proven to work here, otherwise
 * documented APIs.
 */
import type { Config } from './config/config.ts'
import type { Clock } from './process/clock.ts'
import type { Log } from './process/log.ts'
import type { Writer } from './sockets/native.ts'
import { proveNative } from './sockets/proof.ts'

/** Returns what writes to handles, if the native path is wanted and works here. Logs which path is used. */
export async function nativeWay(
  wanted: Config['relay'],
  clock: Clock,
  log: Pick<Log, 'info' | 'warn'>,
): Promise<Writer | undefined> {
  if (wanted === 'portable') {
    log.info('relay: portable (chosen with --relay)')
    return undefined
  }
  const proof = await proveNative(clock)
  if (proof.kind === 'native') {
    log.info('relay: native')
    return proof.writer
  }
  log.warn(`relay: portable (${proof.why})`)
  return undefined
}
