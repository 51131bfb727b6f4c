/**
 * Which connection makes room when the maximum is reached: the one that has been idle longest. One pass over all
 * connections remembers the longest idle ones, so that requests cost nothing and a new client does not cost a pass of
 * its own. Pure.
 */

export interface Occupant {
  /** Since when it has been idle; Infinity while it is not. */
  readonly restingSince: number
}

/** How many are remembered from one pass. */
const REMEMBERED = 256
/**
 * If a pass has found everyone that is idle, and all of those have left, the next pass comes after this many
 * milliseconds per occupant (25 ms for 10,000), so that passes take only a small part of the time, however many clients
 * arrive. A connection that became idle in between may well have its next request on the way; the new client gets a
 * 503.
 */
const LOOK_AGAIN_MS = 0.0025

export class Room<T extends Occupant> {
  /** The longest idle last, each with the time it gave during the pass. */
  #resting: { readonly who: T; readonly since: number }[] = []
  #lookedAt = -Infinity

  /**
   * Returns the occupant that has been idle longest, or undefined if none is idle. Never returns the same one twice.
   */
  longest(occupants: ReadonlySet<T>, now: number): T | undefined {
    const known = this.#next(occupants)
    if (known !== undefined || now - this.#lookedAt < LOOK_AGAIN_MS * occupants.size) return known
    const resting = []
    for (const who of occupants) {
      const since = who.restingSince
      if (since <= now) resting.push({ who, since })
    }
    resting.sort((a, b) => a.since - b.since)
    if (resting.length <= REMEMBERED) this.#lookedAt = now
    else resting.length = REMEMBERED
    this.#resting = resting.toReversed()
    return this.#next(occupants)
  }

  /** Skips those that have become busy or have left since the pass. */
  #next(occupants: ReadonlySet<T>): T | undefined {
    for (;;) {
      const entry = this.#resting.pop()
      if (entry === undefined) return undefined
      if (occupants.has(entry.who) && entry.who.restingSince === entry.since) return entry.who
    }
  }
}
