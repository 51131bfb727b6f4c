/** The contract between the lifecycle and the rest of the program: how the effects of the machine are carried out. */
import type { ClientMode } from './state.ts'
import type { Verdict } from './verdict.ts'

/** Carries out effects. If one throws, the runner logs the error and goes on with the next. */
export interface Performer {
  /** A stop began at this time; undefined: there is none. Called before the effects of the same event. */
  setStop(at: number | undefined): void
  closeListener(): void
  /** Opens the listener again, on the same port. */
  openListener(): void
  setClientMode(clientMode: ClientMode): void
  /** While on, requests wait (at most connect-wait) before they reach the app. */
  queueRequests(on: boolean): void
  /** On: the app has ended for good, so whoever waits for it gets an answer now. */
  appLost(on: boolean): void
  /**
   * Probes the app's addresses at short intervals. Reports appGone or appBack for the first result and for each change,
   * and appRestarted.
   */
  watchApp(on: boolean): void
  /**
   * Reads what idle clients have already sent, half-closes those that are still idle, and then reports `idleClosed`.
   * They linger; when the last one is gone, `lingered` is reported. Never called before the listener is closed.
   */
  closeIdle(): void
  /** Resets what is in flight; returns how many requests were cut. */
  cut(): number
  /**
   * The runner has logged the verdict. This passes it to metrics and /status, and if `exited` to the termination log.
   */
  verdict(verdict: Verdict): void
  /** Ends the process. Called once, as the last effect; answers to hooks may still have to be flushed. */
  exit(code: 0 | 1): void
}
