/**
 * The past that the page on the admin port shows: the phases of the current drain, and how the last drains ended. Pure
 * and bounded, so it does not grow in a process that drains and resumes for years.
 */
import type { Phase } from './state.ts'
import type { Verdict } from './verdict.ts'

/** A verdict, and when its drain ended, in ms since the epoch. */
export type PastDrain = Verdict & { readonly endedAt: number }

/**
 * A drain may return from drained to draining when the kubelet joins an operator's drain; the oldest steps are
 * forgotten.
 */
export const STEPS_KEPT = 12
export const DRAINS_KEPT = 5

export class History {
  #steps: (readonly [phase: Phase, at: number])[] = []
  #drains: PastDrain[] = []

  /** A phase of a drain was entered; `first`: it begins a new drain. `at`: ms of the monotonic clock. */
  entered(phase: Phase, at: number, first: boolean): void {
    this.#steps = [...(first ? [] : this.#steps.slice(1 - STEPS_KEPT)), [phase, Math.round(at)]]
  }

  concluded(verdict: Verdict, endedAt: number): void {
    this.#drains = [{ ...verdict, endedAt }, ...this.#drains.slice(0, DRAINS_KEPT - 1)]
  }

  /** The phases of the current drain, or of the last one; oldest first. */
  get steps(): readonly (readonly [phase: Phase, at: number])[] {
    return this.#steps
  }

  /** Newest first. */
  get drains(): readonly PastDrain[] {
    return this.#drains
  }
}
