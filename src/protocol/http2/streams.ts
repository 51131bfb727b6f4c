/**
 * Which streams of a connection are open, as HEADERS, END_STREAM, RST_STREAM, GOAWAY and PUSH_PROMISE of both sides tell.
 * RFC 9113 §5.1. Pure.
 */

/** What is known of an open stream. */
export interface Stream {
  /** When it was opened, in the milliseconds given to `begin`. */
  readonly beganAt: number
  method: 'GET' | 'POST' | undefined
  /** The status of the response: 0 before there is one, -1 if it cannot be told. */
  status: number
  /** The app has sent its last byte on it. */
  readonly appDone: boolean
}

interface Entry extends Stream {
  clientDone: boolean
  appDone: boolean
}

export class Streams {
  readonly #open = new Map<number, Entry>()
  /** The highest stream that the client has opened. */
  lastClient = 0

  get size(): number {
    return this.#open.size
  }

  get(id: number): Stream | undefined {
    return this.#open.get(id)
  }

  /** The client's stream `id`, if it is open and the app has sent no response on it, not even an interim one. */
  unanswered(id: number): Stream | undefined {
    const entry = id % 2 === 1 ? this.#open.get(id) : undefined
    return entry?.status === 0 ? entry : undefined
  }

  /** The client opens a stream, or the app promises one. `now` in milliseconds. */
  begin(id: number, now: number): Stream {
    const entry = { beganAt: now, method: undefined, status: 0, clientDone: id % 2 === 0, appDone: false }
    this.#open.set(id, entry)
    if (id % 2 === 1) this.lastClient = id
    return entry
  }

  /** That side has ended the stream. Returns the stream if it is now closed. */
  done(id: number, side: 'client' | 'app'): Stream | undefined {
    const entry = this.#open.get(id)
    if (entry === undefined) return undefined
    if (side === 'client') entry.clientDone = true
    else entry.appDone = true
    return entry.clientDone && entry.appDone ? this.close(id) : undefined
  }

  /** One side has reset the stream. Returns the stream if it was open. */
  close(id: number): Stream | undefined {
    const entry = this.#open.get(id)
    this.#open.delete(id)
    return entry
  }

  /**
   * That side says in a GOAWAY that it will not act on the other side's streams above `last`: they are closed. Returns
   * those that were open. RFC 9113 §6.8.
   */
  abandon(by: 'client' | 'app', last: number): Stream[] {
    const odd = by === 'app' ? 1 : 0
    const over = [...this.#open.keys()].filter((id) => id % 2 === odd && id > last)
    return over.map((id) => this.close(id)!)
  }

  /** Closes all streams. Returns those that were open. */
  clear(): Stream[] {
    const all = [...this.#open.values()]
    this.#open.clear()
    return all
  }
}
