/**
 * The conversation of a pair that an error of lastcall's own has ended: it ignores every event and sends nothing. A
 * conversation that has thrown may be in any state, so the pair replaces it by this one. Pure.
 */

import type { Talk } from './link.ts'

/** Never idle: nothing may take the pair for one that can still be used. */
export const SILENT: Talk = {
  idle: false,
  inHead: false,
  buffered: 0,
  fromClient() {},
  clientEnded() {},
  clientGone() {},
  clientDrained() {},
  headTimedOut() {},
  sweep() {},
  leave() {},
  closeIfIdle() {},
  appOpen() {},
  appFailed() {},
  fromApp() {},
  appEnded() {},
  appGone() {},
}
