/**
 * The book of saved requests: those that were served in full although the pod, or the app's container, was being
 * stopped. The relay counts from the kubelet's first trigger on; this decides what of that is told, as it may turn out
 * that nothing stopped. Pure.
 */

export interface Saved {
  /** In flight when the stop began. */
  readonly inFlight: number
  /** Arrived after that. */
  readonly arrived: number
}

export const NONE_SAVED: Saved = { inFlight: 0, arrived: 0 }

export class SavedBook {
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

  /** Nothing has stopped: this drain has saved nothing so far. What `total` has told already stands: a counter cannot fall. */
  discard(): void {
    if (!this.#evident) this.#untold = plus(this.#untold, this.current)
    this.#before = this.#counted()
  }

  /**
   * Since the start of the process, for the metric. A drain adds to it from the moment at which a stop is evident, then
   * with all that it has saved until then: a stranger's call of a hook adds nothing.
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
