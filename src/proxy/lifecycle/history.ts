/**
 * What the page on the admin port shows of the past: the phases of the drain that runs, and how the last drains ended.
 * Pure, and bounded: a process that drains and resumes for years keeps no more.
 */
import type { Phase } from './state.ts'
import type { Verdict } from './verdict.ts'

/** A verdict, and when its drain ended, milliseconds of the epoch. */
export type PastDrain = Verdict & { readonly endedAt: number }

/** A drain may go back from drained to draining, when the kubelet joins an operator's; the oldest steps are forgotten. */
export const STEPS_KEPT = 12
export const DRAINS_KEPT = 5

export class History {
  #steps: (readonly [phase: Phase, at: number])[] = []
  #drains: PastDrain[] = []

  /** A phase of a drain has been entered; `first` begins another drain. `at`: milliseconds of the monotonic clock. */
  entered(phase: Phase, at: number, first: boolean): void {
    this.#steps = [...(first ? [] : this.#steps.slice(1 - STEPS_KEPT)), [phase, Math.round(at)]]
  }

  concluded(verdict: Verdict, endedAt: number): void {
    this.#drains = [{ ...verdict, endedAt }, ...this.#drains.slice(0, DRAINS_KEPT - 1)]
  }

  /** The phases of the drain that runs, or else of the last one, the oldest first. */
  get steps(): readonly (readonly [phase: Phase, at: number])[] {
    return this.#steps
  }

  /** The newest first. */
  get drains(): readonly PastDrain[] {
    return this.#drains
  }
}
