/**
 * What the metrics are read from at scrape time: plain numbers of the relay, the lifecycle and the admin server. Pure;
 * `proxy/view.ts` and `proxy/admin-port.ts` provide it.
 */
import type { AdminRefused } from '../admin/refusals.ts'
import type { Saved } from '../lifecycle/saved.ts'
import type { Phase } from '../lifecycle/state.ts'
import type { Counters } from '../relay/counters.ts'

/** Those that a drain takes time in. */
export const DRAIN_PHASES = ['settling', 'lame-duck', 'draining', 'drained'] as const satisfies Phase[]

/** What is known of the drain that runs, or else of the last one. */
export interface DrainFacts {
  /** How long each phase took, or has taken so far; absent or 0 where it was not entered. */
  readonly phaseMs: Readonly<Partial<Record<(typeof DRAIN_PHASES)[number], number>>>
  /** Requests that a deadline cut, since the start of the process. */
  readonly cutTotal: number
  /** Requests that stops would have cost, since the start of the process. */
  readonly savedTotal: Saved
  /** How old the drain was when the last new connection arrived; 0 if none did. */
  readonly lateMs: number
  /** How long a stop still has until what is in flight is cut; the whole of it while there is no stop. */
  readonly leftMs: number
  /** Since the start of the process. */
  readonly falseAlarms: number
}

/** The options that a drain goes by, as the flags are called. */
export const DRAIN_OPTIONS = ['settle', 'quiet', 'lame-duck-max', 'app-stop', 'grace-period'] as const
/** In ms. */
export type DrainSettings = Readonly<Record<(typeof DRAIN_OPTIONS)[number], number>>

/** One port that is served. */
export interface PortFacts {
  /** The value of the label `port`. */
  readonly name: string
  readonly counters: Counters
  readonly appUp: boolean
}

export interface MetricsSource {
  /** Each port, at least one; the label `port` is there only where there are several, and only where it tells something. */
  ports(): readonly PortFacts[]
  phase(): Phase
  drain(): DrainFacts
  settings(): DrainSettings
  /** Calls of the admin port that were turned away. */
  adminRefused(): Readonly<AdminRefused>
  /** Open sockets, those of the admin port among them; and the listeners. */
  sockets(): number
  listeners(): number
}
