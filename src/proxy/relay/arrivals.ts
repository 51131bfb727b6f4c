/**
 * When the last user arrived; a drain waits until nobody arrives any more (DESIGN §3). Probes do not count, but
 * lastcall recognizes a probe only when it has read the request, or when the client leaves without one. Until then the
 * connection counts; afterwards it is forgotten, even if others have arrived in the meantime. The lifecycle asks at
 * every event of a drain, so each operation takes constant time, however many connections there are. Pure.
 */

export interface Arrived {
  readonly acceptedAt: number
}

/** A connection that has not sent a request yet, in a list ordered by arrival. */
interface Undecided {
  readonly acceptedAt: number
  older: Undecided | undefined
  newer: Undecided | undefined
}

export class Arrivals {
  readonly #now: () => number
  /** When the last user request arrived, and the last connection that turned out to be a user's. */
  #requestAt = -Infinity
  #connectionAt = -Infinity
  readonly #undecided = new Map<Arrived, Undecided>()
  #newest: Undecided | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** When the last user connection or request arrived; -Infinity if there was none. */
  get lastAt(): number {
    return Math.max(this.#requestAt, this.lastConnectionAt)
  }

  /** When the last user connection arrived; -Infinity if there was none. */
  get lastConnectionAt(): number {
    return Math.max(this.#connectionAt, this.#newest?.acceptedAt ?? -Infinity)
  }

  /** A client has connected. Must be called in order of arrival. */
  connection(who: Arrived): void {
    const older = this.#newest
    const entry: Undecided = { acceptedAt: who.acceptedAt, older, newer: undefined }
    if (older !== undefined) older.newer = entry
    this.#newest = entry
    this.#undecided.set(who, entry)
  }

  /** A user's request. The `first` one on a connection shows that the connection is a user's. */
  request(who: Arrived, first: boolean): void {
    this.#requestAt = this.#now()
    if (first) this.stays(who)
  }

  /** The connection is a user's, as its bytes show: some protocols have no requests. */
  stays(who: Arrived): void {
    if (this.#decide(who)) this.#connectionAt = Math.max(this.#connectionAt, who.acceptedAt)
  }

  /** The connection was a probe's, or its client left without sending anything. */
  forget(who: Arrived): void {
    this.#decide(who)
  }

  /** Returns whether the connection was undecided. */
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
