/**
 * The viewers of /status's event stream. The state is read once for all of them, at most ten times a second, and what
 * has changed is sent to each. No timer runs while nobody watches. A viewer that does not read gets nothing more, so it
 * holds at most one event, and is dropped after a while. Sockets are behind `Screen`.
 */
import type { Cancel, Clock } from '../process/clock.ts'

/** Where the events of a viewer go. */
export interface Screen {
  /** What was written before has not been taken yet. */
  readonly full: boolean
  write(text: string): void
  /** Writes the last text and ends the stream cleanly. */
  end(text: string): void
  /** Ends the stream at once. */
  destroy(): void
}

export interface ViewersOptions {
  readonly clock: Clock
  readonly most: number
  /** Returns the current parts by name; each is sent when its JSON has changed. */
  look(): object
}

/** The interval between events: ten a second at most. */
export const EVENT_MS = 100
/**
 * A stream without events sends a sign of life this often, because intermediaries close what is silent for a minute.
 */
export const KEEP_ALIVE_MS = 15_000
/** How long a viewer may stop reading. */
export const PATIENCE_MS = 10_000
/** Reading the state takes at most this part of the time, however many requests are in flight. */
const LOOK_SHARE = 1 / 20

interface Viewer {
  sentAt: number
  /** The viewer has missed events and needs all parts. */
  behind: boolean
}

export class Viewers {
  readonly #options: ViewersOptions
  readonly #viewers = new Map<Screen, Viewer>()
  /** The JSON of each part as it was last sent. */
  #parts = new Map<string, string>()
  #timer: Cancel | undefined
  #ended = false

  constructor(options: ViewersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#viewers.size
  }

  /**
   * Shows everything on this screen, and then the changes, until `remove`. Returns false if too many watch, or if the
   * stream has ended.
   */
  add(screen: Screen): boolean {
    const { clock, most } = this.#options
    if (this.#ended || this.#viewers.size >= most) return false
    if (this.#viewers.size === 0) {
      this.#changes()
      this.#arm(EVENT_MS)
    }
    this.#viewers.set(screen, { sentAt: clock.now(), behind: false })
    screen.write(this.#event([...this.#parts]))
    return true
  }

  /** The viewer is gone. May be called more than once. */
  remove(screen: Screen): void {
    if (!this.#viewers.delete(screen) || this.#viewers.size > 0) return
    this.#timer?.()
    this.#parts.clear()
  }

  /**
   * The process ends: sends the last changes and the end of the stream. Viewers that do not read are not waited for.
   */
  end(): void {
    this.#ended = true
    if (this.#viewers.size === 0) return
    this.#timer?.()
    const changes = this.#changes()
    const last = `${this.#event(changes)}event: end\ndata: {}\n\n`
    const all = `${this.#event([...this.#parts])}event: end\ndata: {}\n\n`
    for (const [screen, { behind }] of this.#viewers) {
      if (screen.full) screen.destroy()
      else screen.end(behind ? all : last)
    }
    this.#viewers.clear()
  }

  #arm(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => this.#tick())
  }

  #tick(): void {
    const { clock } = this.#options
    const began = clock.now()
    const changes = this.#changes()
    const tookMs = clock.now() - began
    // Set first: a screen may report in `write` that it is gone, and the last one to go stops the timer.
    this.#arm(Math.max(EVENT_MS, tookMs / LOOK_SHARE))
    const text = changes.length === 0 ? undefined : this.#event(changes)
    for (const [screen, viewer] of this.#viewers) this.#send(screen, viewer, text, clock.now())
  }

  #send(screen: Screen, viewer: Viewer, text: string | undefined, now: number): void {
    const quietMs = now - viewer.sentAt
    if (screen.full) {
      viewer.behind ||= text !== undefined
      if (quietMs < PATIENCE_MS) return
      this.remove(screen)
      screen.destroy()
      return
    }
    // A viewer that came between two rounds would get two events within one interval.
    if (quietMs < EVENT_MS) {
      viewer.behind ||= text !== undefined
      return
    }
    const due = viewer.behind ? this.#event([...this.#parts]) : text
    if (due === undefined && quietMs < KEEP_ALIVE_MS) return
    viewer.behind = false
    viewer.sentAt = now
    screen.write(due ?? ': keep-alive\n\n')
  }

  /** Reads the state and remembers it; returns the parts that have changed. */
  #changes(): [string, string][] {
    const found: [string, string][] = []
    for (const [name, value] of Object.entries(this.#options.look())) {
      const json = JSON.stringify(value)
      if (this.#parts.get(name) === json) continue
      this.#parts.set(name, json)
      found.push([name, json])
    }
    return found
  }

  /** An event with these parts. One line of JSON contains no line end (HTML, Server-sent events). */
  #event(parts: readonly (readonly [string, string])[]): string {
    const fields = parts.map(([name, json]) => `,${JSON.stringify(name)}:${json}`)
    return `data: {"now":${Math.round(this.#options.clock.now())}${fields.join('')}}\n\n`
  }
}
