/** The contract between the lifecycle and the program around it: what the effects of the machine do to the world. */
import type { ClientMode } from './state.ts'
import type { Verdict } from './verdict.ts'

/** What the machine's effects do to the world. An error thrown by one is logged, and the rest still happens. */
export interface Performer {
  /** A stop began at that time; undefined: there is none any more. Told before the orders of the same event. */
  setStop(at: number | undefined): void
  closeListener(): void
  /** Opens it again, on the same port. */
  openListener(): void
  setClientMode(clientMode: ClientMode): void
  /** Requests wait at the door (at most connect-wait) until it is off again. */
  queueRequests(on: boolean): void
  /** On: the app has ended for good, so that whoever waits for it gets an answer now. */
  appLost(on: boolean): void
  /** Probes the app's addresses quickly; reports appGone or appBack as first seen and at each change, and appRestarted. */
  watchApp(on: boolean): void
  /**
   * Reads what idle clients have sent already, half-closes those still idle, and then reports `idleClosed`; they
   * linger, and `lingered` is reported when the last is gone. Never before the listener is closed.
   */
  closeIdle(): void
  /** Resets what is in flight; returns how many requests that were. */
  cut(): number
  /** The runner has logged it; here it goes to metrics, /status and (outcome `exited`) the termination log. */
  verdict(verdict: Verdict): void
  /** Ends the process; called once, last. Answered hooks may still have to be flushed. */
  exit(code: 0 | 1): void
}
