/**
 * How long a client's connection may be at rest. One whose client has never said a word has head-timeout, as with every
 * other proxy (nginx and HAProxy count it from accept as well, Node and Go likewise); it sees a FIN and no 408, which a
 * client that has asked for nothing would take for an answer to what it asks next (RFC 9110 §15.5.9). Balancers and
 * browsers that open connections ahead of need (Envoy's preconnect, classic ELB) notice the FIN and open another. One
 * that has been used is a pool's, and has idle-timeout. With `--protocol tcp` a silent client is in flight: there the
 * app may be the first to speak. Pure.
 */

import type { Limits } from './context.ts'

/** In milliseconds. `silent`: not a byte has come. */
export function patience({ headTimeoutMs, idleTimeoutMs }: Limits, silent: boolean): number {
  return silent ? Math.min(headTimeoutMs, idleTimeoutMs) : idleTimeoutMs
}
