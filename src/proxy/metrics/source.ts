/**
 * What the metrics are read from at scrape time: plain numbers of the relay, the lifecycle and the admin server. Pure;
 * `proxy/view.ts` and `proxy/admin-port.ts` provide it.
 */
import type { AdminRefused } from '../admin/refusals.ts'
import type { Saved } from '../lifecycle/saved.ts'
import type { Phase } from '../lifecycle/state.ts'
import type { Counters } from '../relay/counters.ts'

/** The phases of a drain that take time. */
export const DRAIN_PHASES = ['settling', 'lame-duck', 'draining', 'drained'] as const satisfies Phase[]

/** Facts about the current drain, or about the last one. */
export interface DrainFacts {
  /** How long each phase took, or has taken so far; absent or 0 if it was not entered. */
  readonly phaseMs: Readonly<Partial<Record<(typeof DRAIN_PHASES)[number], number>>>
  /** Requests cut at a deadline, since the start of the process. */
  readonly cutTotal: number
  /** Requests that stops would have lost, since the start of the process. */
  readonly savedTotal: Saved
  /** The age of the drain when the last new connection arrived; 0 if none did. */
  readonly lateMs: number
  /** How long until the stop cuts what is in flight; the whole time if there is no stop. */
  readonly leftMs: number
  /** Since the start of the process. */
  readonly falseAlarms: number
}

/** The options that determine a drain, named like their flags. */
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
  /** All ports, at least one. Only with several ports, metrics that differ between ports have the label `port`. */
  ports(): readonly PortFacts[]
  phase(): Phase
  drain(): DrainFacts
  settings(): DrainSettings
  /** Refused calls on the admin port. */
  adminRefused(): Readonly<AdminRefused>
  /** Open sockets, including those of the admin port. */
  sockets(): number
  listeners(): number
}
