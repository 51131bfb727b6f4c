/**
 * When somebody last came: the evidence on which a drain goes on (DESIGN §3). Probes do not count, and are known as
 * such only once their request is read, or once they leave without one: until then a connection counts, and is then
 * forgotten, whoever else came in the meantime. It is asked at every event of a drain: each step costs the same however
 * many connections there are. Pure.
 */

export interface Arrived {
  readonly acceptedAt: number
}

/** A connection on which nothing has been asked yet, between the one that came before it and the one after. */
interface Undecided {
  readonly acceptedAt: number
  older: Undecided | undefined
  newer: Undecided | undefined
}

export class Arrivals {
  readonly #now: () => number
  /** When the last request of a user came, and the last connection that proved to be one's. */
  #requestAt = -Infinity
  #connectionAt = -Infinity
  readonly #undecided = new Map<Arrived, Undecided>()
  #newest: Undecided | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** When the last connection or request of a user came; -Infinity if none has. */
  get lastAt(): number {
    return Math.max(this.#requestAt, this.lastConnectionAt)
  }

  /** When the last connection of a user came. */
  get lastConnectionAt(): number {
    return Math.max(this.#connectionAt, this.#newest?.acceptedAt ?? -Infinity)
  }

  /** Somebody has connected. Connections are told of in the order in which they came. */
  connection(who: Arrived): void {
    const older = this.#newest
    const entry: Undecided = { acceptedAt: who.acceptedAt, older, newer: undefined }
    if (older !== undefined) older.newer = entry
    this.#newest = entry
    this.#undecided.set(who, entry)
  }

  /** A user's request; the `first` one tells whose connection it is. */
  request(who: Arrived, first: boolean): void {
    this.#requestAt = this.#now()
    if (first) this.stays(who)
  }

  /** It was a user's, as its bytes show: there are protocols without requests. */
  stays(who: Arrived): void {
    if (this.#decide(who)) this.#connectionAt = Math.max(this.#connectionAt, who.acceptedAt)
  }

  /** It was a probe, or somebody who left without a word. */
  forget(who: Arrived): void {
    this.#decide(who)
  }

  /** Returns whether it was undecided. */
  #decide(who: Arrived): boolean {
    const entry = this.#undecided.get(who)
    if (entry === undefined) return false
    this.#undecided.delete(who)
    const { older, newer } = entry
    if (older !== undefined) older.newer = newer
    if (newer !== undefined) newer.older = older
    else this.#newest = older
    return true
  }
}
