/** What a response may tell its client about leaving. Pure. DESIGN §3; RFC 9112 §9.6. */

import type { Terms } from './link.ts'

export interface Leave {
  /** A response whose head comes now is the last on its connection, and its head may say so. */
  readonly isLast: boolean
  /** An event stream stops between two events. */
  readonly endsEvents: boolean
}

const STAY: Leave = { isLast: false, endsEvents: false }
const SAY_SO: Leave = { isLast: true, endsEvents: false }
const END_EVENTS: Leave = { isLast: false, endsEvents: true }
const LEAVE: Leave = { isLast: true, endsEvents: true }

/**
 * `requestComplete`: until it is, a response must not say `Connection: close`, as the client would have to stop sending
 * (RFC 9112 §9.6) and the app would lose the rest; the next response says it, or the connection is closed when idle.
 * `nextWaits`: the client's next request has already arrived, so this response is not the last.
 */
export function leaveNow({ lameDuck, draining }: Terms, requestComplete: boolean, nextWaits: boolean): Leave {
  if (!lameDuck || !requestComplete) return STAY
  if (draining) return nextWaits ? END_EVENTS : LEAVE
  return nextWaits ? STAY : SAY_SO
}
