/**
 * The limited number of places for client connections, and which connection gives up its place when none is left. A
 * connection that has made room lingers for a moment so that its client sees a clean end, but no longer has a place.
 * Pure.
 */

import { type Occupant, Room } from './room.ts'

export interface PlaceLimit {
  /** The maximum number of client connections. */
  readonly connections: number
  /** Beyond those, at most this many that linger after making room, and as many again that are being turned away. */
  readonly leaving: number
  /** The maximum number of bytes held for all clients together. */
  readonly bufferedBytes: number
  /** What set this limit, for the log and for clients that are turned away. */
  readonly setBy: string
}

export interface Holder extends Occupant {
  /** Gives up its place. `atOnce`: without lingering. */
  makeRoom(atOnce: boolean): void
}

export class Places<T extends Holder> {
  readonly #holders: ReadonlySet<T>
  readonly #room = new Room<T>()
  readonly #leaving = new Set<T>()
  #limit: PlaceLimit

  /** `holders` are all connections, including those that linger. */
  constructor(holders: ReadonlySet<T>, limit: PlaceLimit) {
    this.#holders = holders
    this.#limit = limit
  }

  get limit(): PlaceLimit {
    return this.#limit
  }

  /** Changes the limit. If it is lower, idle connections are closed at once, and others when they finish. */
  change(limit: PlaceLimit, now: number): void {
    this.#limit = limit
    while (this.#taken > limit.connections && this.free(now, true));
  }

  /**
   * Whether another client can be admitted. If no place is left, the connection that has been idle longest gives up its
   * own.
   */
  forOneMore(now: number): boolean {
    while (this.#taken >= this.#limit.connections) if (!this.free(now)) return false
    return true
  }

  /** Makes the connection that has been idle longest give up its place; false if none is idle. */
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
