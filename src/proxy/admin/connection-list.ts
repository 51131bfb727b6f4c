/**
 * The connections of the admin server, and which of them is closed when there are too many. Anybody who reaches the
 * port can open connections, but a probe or a hook must never be refused (DESIGN §6). So a new connection is always
 * accepted and the one that has been silent longest is closed, but never one on which a hook waits. When a connection
 * is gone, its hook's place is free. Touches sockets only to destroy them.
 */

export interface Closable {
  destroy(): unknown
}

export interface ConnectionListLimits {
  /**
   * The maximum number of connections. Must be above `waitingHooks`, so that there is always one that can be closed.
   */
  readonly connections: number
  /** The maximum number of waiting hooks; a pod has one for each container. */
  readonly waitingHooks: number
  /** The same for one address, so that a single stranger cannot take all places and leave none for the kubelet. */
  readonly waitingHooksOfOne: number
}

export class ConnectionList<Connection extends Closable> {
  readonly #limits: ConnectionListLimits
  /** In the order of their last activity, the longest silent first. */
  readonly #byQuiet = new Set<Connection>()
  /** Connections on which a hook waits, and their addresses. */
  readonly #waiting = new Map<Connection, string>()
  /** Connections with requests that have not been answered in full, and how many. */
  readonly #asking = new Map<Connection, number>()

  constructor(limits: ConnectionListLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byQuiet.size
  }

  /** A connection was accepted; if there are too many, another is destroyed. */
  add(connection: Connection): void {
    this.#byQuiet.add(connection)
    if (this.#byQuiet.size <= this.#limits.connections) return
    for (const quiet of this.#byQuiet) {
      if (this.#waiting.has(quiet) || quiet === connection) continue
      this.remove(quiet)
      quiet.destroy()
      return
    }
  }

  /** A request arrived on it. */
  touch(connection: Connection): void {
    if (this.#byQuiet.delete(connection)) this.#byQuiet.add(connection)
  }

  /** It was closed. May be called more than once. */
  remove(connection: Connection): void {
    this.#byQuiet.delete(connection)
    this.release(connection)
    this.#asking.delete(connection)
  }

  /**
   * A hook from this address waits on it until `release` or `remove`. Returns false if too many wait, or if one already
   * waits on this connection: nobody needs two, and hooks pipelined behind a hook would take unbounded memory.
   */
  wait(connection: Connection, address: string): boolean {
    if (this.#waiting.size >= this.#limits.waitingHooks || this.#waiting.has(connection)) return false
    let ofOne = 0
    for (const other of this.#waiting.values()) if (other === address) ofOne += 1
    if (ofOne >= this.#limits.waitingHooksOfOne) return false
    this.#waiting.set(connection, address)
    return true
  }

  release(connection: Connection): void {
    this.#waiting.delete(connection)
  }

  /** A request on it will be answered; each call needs an `answered`. Returns how many requests it has now. */
  asks(connection: Connection): number {
    const asked = (this.#asking.get(connection) ?? 0) + 1
    this.#asking.set(connection, asked)
    return asked
  }

  /** The kernel has an answer in full, or the answer was broken off. */
  answered(connection: Connection): void {
    const left = (this.#asking.get(connection) ?? 0) - 1
    if (left > 0) this.#asking.set(connection, left)
    else this.#asking.delete(connection)
  }

  /** Destroys the connections on which nothing is being answered: silent ones, and those with an incomplete request. */
  dismiss(): void {
    for (const connection of this.#byQuiet) if (!this.#asking.has(connection)) connection.destroy()
  }

  /** Whether a hook waits on it. If so, the connection must not be broken. */
  waitsOn(connection: Connection): boolean {
    return this.#waiting.has(connection)
  }
}
