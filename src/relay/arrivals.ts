/**
 * When somebody last came: the evidence on which a drain goes on (DESIGN §3). Probes do not count, and are known as
 * such only once their request is read, or once they leave without one: until then a connection counts, and is then
 * forgotten. Pure.
 */

export interface Arrived {
  readonly acceptedAt: number
}

export class Arrivals {
  /** When the last connection or request of a user came; -Infinity if none has. */
  lastAt = -Infinity
  /** When the last connection of a user came. */
  lastConnectionAt = -Infinity
  #before = -Infinity
  #connectionBefore = -Infinity
  #latest: Arrived | undefined
  #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  connection(who: Arrived): void {
    this.#latest = who
    this.#before = this.lastAt
    this.#connectionBefore = this.lastConnectionAt
    this.lastAt = who.acceptedAt
    this.lastConnectionAt = who.acceptedAt
  }

  request(): void {
    this.lastAt = this.#now()
    this.#before = this.lastAt
  }

  /** It was a probe, or somebody who left without a word. */
  forget(who: Arrived): void {
    if (this.#latest !== who) return
    this.#latest = undefined
    if (this.lastAt === who.acceptedAt) this.lastAt = this.#before
    if (this.lastConnectionAt === who.acceptedAt) this.lastConnectionAt = this.#connectionBefore
  }
}
