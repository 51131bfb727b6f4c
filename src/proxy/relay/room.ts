/**
 * Who makes room for a newcomer when there are as many connections as there may be: the one that has been at rest
 * longest. All of them are looked at together and the longest at rest are remembered, so that requests cost nothing and
 * a newcomer does not cost a look at everybody. Pure.
 */

export interface Occupant {
  /** Since when it has been at rest; Infinity while it is not. */
  readonly restingSince: number
}

/** As many are remembered from one look. */
const REMEMBERED = 256
/**
 * If a look has shown everybody at rest, and all of those have left, the next look comes after so many milliseconds for
 * each occupant, 25 ms for 10,000: it costs a small part of that time, however many newcomers there are. Who has come to
 * rest in between may well have the next request on its way; the newcomer is told 503.
 */
const LOOK_AGAIN_MS = 0.0025

export class Room<T extends Occupant> {
  /** The longest at rest last, each with what it said when it was looked at. */
  #resting: { readonly who: T; readonly since: number }[] = []
  #lookedAt = -Infinity

  /** The occupant that has been at rest longest, or undefined if none is. It is not named twice. */
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

  /** Whoever has stirred or left since the look is passed over. */
  #next(occupants: ReadonlySet<T>): T | undefined {
    for (;;) {
      const entry = this.#resting.pop()
      if (entry === undefined) return undefined
      if (occupants.has(entry.who) && entry.who.restingSince === entry.since) return entry.who
    }
  }
}
