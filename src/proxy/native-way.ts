/** Which path the relay takes: socket handles where that is wanted and has been proven here, else documented APIs. */
import type { Config } from './config/config.ts'
import type { Clock } from './process/clock.ts'
import type { Log } from './process/log.ts'
import type { Writer } from './sockets/native.ts'
import { proveNative } from './sockets/proof.ts'

/** What writes to handles if the native path is wanted and works here; the log says which path is used. */
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
