/**
 * The conversation of a pair that an error of lastcall's own has ended: it ignores every event and sends nothing. A
 * conversation that has thrown may be in any state, so the pair replaces it by this one. Pure.
 */

import type { Conversation } from './link.ts'

/** Never idle, so that nothing uses the pair again. */
export const SILENT: Conversation = {
  idle: false,
  inHead: false,
  buffered: 0,
  headBytes: 0,
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
