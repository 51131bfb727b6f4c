/**
 * The connections of the admin server, and which of them makes room when there are too many. Anybody who reaches the
 * port may open connections; the rule (DESIGN §6: a probe or a hook is never refused) is that the newcomer always gets
 * in, the one that has been quiet the longest leaves, and one that holds a hook never does. Touches no socket but to
 * destroy it.
 */

export interface Closable {
  destroy(): unknown
}

export interface RosterLimits {
  /** Connections at once. Must be above `heldHooks`, so that one that may leave is always there. */
  readonly connections: number
  /** Hooks waiting at once; a pod has one for each container. */
  readonly heldHooks: number
}

export class Roster<Connection extends Closable> {
  readonly #limits: RosterLimits
  /** In the order of their last sign of life, the quietest first. */
  readonly #byQuiet = new Set<Connection>()
  readonly #held = new Map<Connection, number>()
  #hooks = 0

  constructor(limits: RosterLimits) {
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
      if (this.#held.has(quiet) || quiet === connection) continue
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
  }

  /** A hook begins to wait on it; false if too many wait already. Every true needs a `release`. */
  hold(connection: Connection): boolean {
    if (this.#hooks >= this.#limits.heldHooks) return false
    this.#hooks += 1
    this.#held.set(connection, (this.#held.get(connection) ?? 0) + 1)
    return true
  }

  release(connection: Connection): void {
    const left = (this.#held.get(connection) ?? 0) - 1
    this.#hooks -= 1
    if (left > 0) this.#held.set(connection, left)
    else this.#held.delete(connection)
  }

  /** Does a hook wait on it? Then nothing may break it. */
  holds(connection: Connection): boolean {
    return this.#held.has(connection)
  }
}
