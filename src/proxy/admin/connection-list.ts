/**
 * The connections of the admin server, and which of them makes room when there are too many. Anybody who reaches the
 * port may open connections; the rule (DESIGN §6: a probe or a hook is never refused) is that the newcomer always gets
 * in, the one that has been quiet the longest leaves, and one that holds a hook never does. A hook's seat is its
 * connection's: free when that is gone. Touches no socket but to destroy it.
 */

export interface Closable {
  destroy(): unknown
}

export interface ConnectionListLimits {
  /** Connections at once. Must be above `waitingHooks`, so that one that may leave is always there. */
  readonly connections: number
  /** Hooks waiting at once; a pod has one for each container. */
  readonly waitingHooks: number
  /** And of one address: the kubelet's must not find all seats taken by one stranger. */
  readonly waitingHooksOfOne: number
}

export class ConnectionList<Connection extends Closable> {
  readonly #limits: ConnectionListLimits
  /** In the order of their last sign of life, the quietest first. */
  readonly #byQuiet = new Set<Connection>()
  /** Those on which a hook waits, and their addresses. */
  readonly #waiting = new Map<Connection, string>()
  /** Those with a request that has not been answered in full, and how many. */
  readonly #asking = new Map<Connection, number>()

  constructor(limits: ConnectionListLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byQuiet.size
  }

  /** A connection was accepted; another one is destroyed if that is one too many. */
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

  /** A request came on it. */
  touch(connection: Connection): void {
    if (this.#byQuiet.delete(connection)) this.#byQuiet.add(connection)
  }

  /** It is closed; harmless if that is known. */
  remove(connection: Connection): void {
    this.#byQuiet.delete(connection)
    this.release(connection)
    this.#asking.delete(connection)
  }

  /**
   * A hook of this address begins to wait on it, until `release` or `remove`. False if too many wait already, or one
   * waits on this very connection: nobody needs two, and what is pipelined behind a hook would take memory without a
   * bound.
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

  /** A request is to be answered on it; every call needs an `answered`. Returns how many there are now. */
  asks(connection: Connection): number {
    const asked = (this.#asking.get(connection) ?? 0) + 1
    this.#asking.set(connection, asked)
    return asked
  }

  /** An answer has been handed to the kernel whole, or broken off. */
  answered(connection: Connection): void {
    const left = (this.#asking.get(connection) ?? 0) - 1
    if (left > 0) this.#asking.set(connection, left)
    else this.#asking.delete(connection)
  }

  /** Destroys the connections on which nothing is being answered: silent ones, and those with half a request. */
  dismiss(): void {
    for (const connection of this.#byQuiet) if (!this.#asking.has(connection)) connection.destroy()
  }

  /** Does a hook wait on it? Then nothing may break it. */
  waitsOn(connection: Connection): boolean {
    return this.#waiting.has(connection)
  }
}
