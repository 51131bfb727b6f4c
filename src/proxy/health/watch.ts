/**
 * Watches whether anybody listens at the app's address: how lastcall, which is not the app's parent, learns that the
 * app has gone (DESIGN §3, exit after the app) and that it is back (the way back). Shell; what follows from either is
 * the lifecycle's to decide.
 */
import type { Cancel, Clock } from '../process/clock.ts'
import type { Address } from '../config/config.ts'
import { dial, type Dialled } from './dial.ts'

export interface WatchOptions {
  readonly app: Address
  readonly clock: Clock
}

export interface WatchEvents {
  /** Nobody listens at the address (any more). */
  onGone(): void
  /** Somebody listens there (again). */
  onBack(): void
}

const INTERVAL_MS = 100
/** A full accept queue drops the connection attempt silently; a second is one retransmission. */
const TIMEOUT_MS = 1000
/** One refusal may be an app that swaps its listener. */
const REFUSALS = 2

/**
 * Connects every 100 ms, one attempt at a time, and tells what is seen first and then each change: two refusals in a
 * row are `onGone`, a success is `onBack`. Other errors and timeouts say nothing, and end a row. Never throws.
 * @returns ends the watch: no attempt and no event after it.
 */
export function watchApp({ app, clock }: WatchOptions, events: WatchEvents): { stop(): void } {
  let seen: 'nothing' | 'gone' | 'there' = 'nothing'
  let refusals = 0
  let cancel: Cancel
  const attempt = () => {
    cancel = dial(app, TIMEOUT_MS, clock, learn)
  }
  const learn = (result: Dialled) => {
    cancel = clock.after(INTERVAL_MS, attempt)
    refusals = result.kind === 'refused' ? refusals + 1 : 0
    if (refusals >= REFUSALS && seen !== 'gone') {
      seen = 'gone'
      events.onGone()
    } else if (result.kind === 'connected' && seen !== 'there') {
      seen = 'there'
      events.onBack()
    }
  }
  attempt()
  return { stop: () => cancel() }
}
