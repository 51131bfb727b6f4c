/**
 * The places that there are for client connections, and who gives up its own when there is none left. One that has made
 * room lingers for a moment, so that its client sees a clean end; it has no place any more. Pure.
 */

import { type Occupant, Room } from './room.ts'

export interface PlaceLimit {
  /** Client connections at a time. */
  readonly connections: number
  /** Beyond those, as many that linger after they have made room, and as many that are told that there is none. */
  readonly leaving: number
  /** Bytes that may be held for all clients together. */
  readonly bufferedBytes: number
  /** What set this limit, for the log and for whoever is one too many. */
  readonly setBy: string
}

export interface Holder extends Occupant {
  /** Gives up its place; `atOnce`: without lingering. */
  makeRoom(atOnce: boolean): void
}

export class Places<T extends Holder> {
  readonly #holders: ReadonlySet<T>
  readonly #room = new Room<T>()
  readonly #leaving = new Set<T>()
  #limit: PlaceLimit

  /** `holders` are all connections, those included that linger. */
  constructor(holders: ReadonlySet<T>, limit: PlaceLimit) {
    this.#holders = holders
    this.#limit = limit
  }

  get limit(): PlaceLimit {
    return this.#limit
  }

  /** Another limit from now on: where it is lower, idle connections go at once, and the others when they are done. */
  change(limit: PlaceLimit, now: number): void {
    this.#limit = limit
    while (this.#taken > limit.connections && this.free(now, true));
  }

  /** Whether one more may come in. If there is no place left, the one that has idled longest gives up its own. */
  forOneMore(now: number): boolean {
    while (this.#taken >= this.#limit.connections) if (!this.free(now)) return false
    return true
  }

  /** Has the one that has idled longest give up its place; false if none is idle. */
  free(now: number, atOnce = false): boolean {
    const holder = this.#room.longest(this.#holders, now)
    if (holder === undefined) return false
    this.#leaving.add(holder)
    holder.makeRoom(atOnce || this.#leaving.size > this.#limit.leaving)
    return true
  }

  /** Its connection is closed. */
  left(holder: T): void {
    this.#leaving.delete(holder)
  }

  get #taken(): number {
    return this.#holders.size - this.#leaving.size
  }
}
