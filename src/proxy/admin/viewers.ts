/**
 * Those who watch: the event streams of /status. One look for all of them, at most ten times a second, and what has
 * changed since the last one goes to each. No timer runs while nobody watches. A viewer that does not read gets nothing
 * more, so that it holds one event at most, and is dropped after a while. Knows no sockets: those are behind `Screen`.
 */
import type { Cancel, Clock } from '../process/clock.ts'

/** Where a viewer's events go. */
export interface Screen {
  /** What was written before has not been taken yet. */
  readonly full: boolean
  write(text: string): void
  /** Writes the last text and ends the stream in good order. */
  end(text: string): void
  /** Ends it at once. */
  destroy(): void
}

export interface ViewersOptions {
  readonly clock: Clock
  readonly most: number
  /** The parts of this moment, by name; each is sent when its JSON has changed. */
  look(): object
}

/** From one event to the next, so that a viewer gets ten a second at most. */
export const EVENT_MS = 100
/** A stream without events says so often that it is there: intermediaries close what is silent for a minute. */
export const KEEP_ALIVE_MS = 15_000
/** How long a viewer need not read. */
export const PATIENCE_MS = 10_000
/** Looking takes at most this part of the time, however many requests are in flight. */
const LOOK_SHARE = 1 / 20

interface Viewer {
  sentAt: number
  /** Has missed events, and needs all parts. */
  behind: boolean
}

export class Viewers {
  readonly #options: ViewersOptions
  readonly #viewers = new Map<Screen, Viewer>()
  /** What was sent last: the JSON of each part. */
  #parts = new Map<string, string>()
  #timer: Cancel | undefined
  #ended = false

  constructor(options: ViewersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#viewers.size
  }

  /** Shows everything on this screen, and then what changes, until `remove`. False if too many watch, or it has ended. */
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

  /** It is gone; harmless if that is known. */
  remove(screen: Screen): void {
    if (!this.#viewers.delete(screen) || this.#viewers.size > 0) return
    this.#timer?.()
    this.#parts.clear()
  }

  /** The process ends: what changed last, and a farewell. Whoever does not read is not waited for. */
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
    // Armed first: a screen may say in `write` that it is gone, and the last to go stops the timer.
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
    // Who came between two looks would get two events within one interval.
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

  /** Looks, and remembers; returns the parts that have changed. */
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

  /** An event of these parts (HTML, Server-sent events: one line of JSON has no line end in it). */
  #event(parts: readonly (readonly [string, string])[]): string {
    const fields = parts.map(([name, json]) => `,${JSON.stringify(name)}:${json}`)
    return `data: {"now":${Math.round(this.#options.clock.now())}${fields.join('')}}\n\n`
  }
}
