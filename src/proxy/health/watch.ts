/**
 * Watches whether anything listens at the app's address. This is how lastcall, which is not the app's parent process,
 * learns that the app has ended (DESIGN §3, exit after the app) and that it is back (the way back). Shell; the
 * lifecycle decides what follows.
 */
import type { Cancel, Clock } from '../process/clock.ts'
import type { Address } from '../config/config.ts'
import { dial, type Dialled } from './dial.ts'

export interface WatchOptions {
  readonly app: Address
  readonly clock: Clock
}

export interface WatchEvents {
  /** Nothing listens at the address. */
  onGone(): void
  /** Something listens there (again). */
  onBack(): void
}

const INTERVAL_MS = 100
/** A full accept queue drops a connection attempt silently; one second allows for one retransmission. */
const TIMEOUT_MS = 1000
/** A single refusal may be an app that replaces its listener. */
const REFUSALS = 2

/**
 * Connects every 100 ms, one attempt at a time. Reports the first result and then each change: two consecutive refusals
 * are `onGone`, a success is `onBack`. Other errors and timeouts mean nothing, but interrupt consecutive refusals.
 * Never throws. @returns a function that ends the watch: no attempt and no event after it.
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
