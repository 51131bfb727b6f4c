/**
 * Counts saved requests: those that were served in full although the pod or the app's container was being stopped. The
 * relay counts from the kubelet's first trigger on. This decides what is reported, because it may turn out that nothing
 * was stopped. Pure.
 */

export interface Saved {
  /** In flight when the stop began. */
  readonly inFlight: number
  /** Arrived after that. */
  readonly arrived: number
}

export const NONE_SAVED: Saved = { inFlight: 0, arrived: 0 }

export class SavedRequests {
  readonly #counted: () => Saved
  #before: Saved = NONE_SAVED
  #untold: Saved = NONE_SAVED
  #evident = false

  /** `counted`: what the relay has counted since the start of the process. */
  constructor(counted: () => Saved) {
    this.#counted = counted
  }

  /** A drain begins. */
  open(): void {
    this.#before = this.#counted()
    this.#evident = false
  }

  /** The pod is proven to stop, or the app has gone. */
  evident(): void {
    this.#evident = true
  }

  /** What this drain has saved so far. */
  get current(): Saved {
    return less(this.#counted(), this.#before)
  }

  /**
   * Nothing was stopped, so this drain has saved nothing so far. What `total` has already reported stands, because a
   * counter must not fall.
   */
  discard(): void {
    if (!this.#evident) this.#untold = plus(this.#untold, this.current)
    this.#before = this.#counted()
  }

  /**
   * Saved since the start of the process, for the metric. A drain contributes once there is evidence of a stop, and
   * then with everything it has saved until then, so a stranger's call of a hook contributes nothing.
   */
  get total(): Saved {
    return less(this.#evident ? this.#counted() : this.#before, this.#untold)
  }
}

function plus(one: Saved, other: Saved): Saved {
  return { inFlight: one.inFlight + other.inFlight, arrived: one.arrived + other.arrived }
}

function less(one: Saved, other: Saved): Saved {
  return { inFlight: one.inFlight - other.inFlight, arrived: one.arrived - other.arrived }
}
