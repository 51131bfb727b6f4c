/**
 * When somebody last came: the evidence on which a drain goes on (DESIGN §3). Probes do not count, and are known as
 * such only once their request is read, or once they leave without one: until then a connection counts, and is then
 * forgotten, whoever else came in the meantime. Pure.
 */

export interface Arrived {
  readonly acceptedAt: number
}

export class Arrivals {
  readonly #now: () => number
  /** When the last request of a user came, and the last connection that proved to be one's. */
  #requestAt = -Infinity
  #connectionAt = -Infinity
  /** Connections on which nothing has been asked yet. */
  readonly #undecided = new Set<Arrived>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** When the last connection or request of a user came; -Infinity if none has. */
  get lastAt(): number {
    return Math.max(this.#requestAt, this.lastConnectionAt)
  }

  /** When the last connection of a user came. */
  get lastConnectionAt(): number {
    let last = this.#connectionAt
    for (const { acceptedAt } of this.#undecided) if (acceptedAt > last) last = acceptedAt
    return last
  }

  connection(who: Arrived): void {
    this.#undecided.add(who)
  }

  /** A user's request; the `first` one tells whose connection it is. */
  request(who: Arrived, first: boolean): void {
    this.#requestAt = this.#now()
    if (first) this.stays(who)
  }

  /** It was a user's, as its bytes show: there are protocols without requests. */
  stays(who: Arrived): void {
    if (this.#undecided.delete(who)) this.#connectionAt = Math.max(this.#connectionAt, who.acceptedAt)
  }

  /** It was a probe, or somebody who left without a word. */
  forget(who: Arrived): void {
    this.#undecided.delete(who)
  }
}
