/**
 * Knows the floods of HTTP/2 by name and says when one is on. Each is a bucket: so many at once, and so many a second
 * from then on. The measures are far above what clients do, and far below what hurts an app behind us. Pure.
 */

/** The floods; each is a label of lastcall_refused_total. */
export type Flood =
  | 'rapid-reset'
  | 'continuation-flood'
  | 'ping-flood'
  | 'settings-flood'
  | 'priority-flood'
  | 'empty-frames'

interface Measure {
  /** As many at once, after a quiet time. */
  readonly burst: number
  readonly perSecond: number
}

export const MEASURES = {
  /** CVE-2023-44487: streams opened and reset at once. What nghttp2 allows since then. */
  'rapid-reset': { burst: 1000, perSecond: 33 },
  /** CVE-2019-9512. A gRPC client measures the line with a PING for data that it gets: see `relax`. */
  'ping-flood': { burst: 1000, perSecond: 50 },
  /** CVE-2019-9515. Nobody changes settings often. */
  'settings-flood': { burst: 100, perSecond: 5 },
  /** CVE-2019-9513: browsers reorder a page's resources, and then no more. */
  'priority-flood': { burst: 1000, perSecond: 100 },
  /** CVE-2019-9518: frames that carry nothing and end nothing. */
  'empty-frames': { burst: 500, perSecond: 20 },
} as const satisfies Partial<Record<Flood, Measure>>

/** Frames of one field block (CVE-2024-27316). Blocks are bounded in bytes as well, by --max-head. */
export const MAX_BLOCK_FRAMES = 64

class Bucket {
  readonly #measure: Measure
  #level: number
  #at: number

  constructor(measure: Measure, now: number) {
    this.#measure = measure
    this.#level = measure.burst
    this.#at = now
  }

  /** Takes one out; false if there is none left. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#measure
    this.#level = Math.min(burst, this.#level + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    if (this.#level < 1) return false
    this.#level -= 1
    return true
  }

  /** Puts one back. */
  put(): void {
    if (this.#level < this.#measure.burst) this.#level += 1
  }
}

export class Guard {
  readonly #buckets: Partial<Record<keyof typeof MEASURES, Bucket>> = {}

  /** Counts one; true if that is one too many. `now` in milliseconds. */
  floods(kind: keyof typeof MEASURES, now: number): boolean {
    return !(this.#buckets[kind] ??= new Bucket(MEASURES[kind], now)).take(now)
  }

  /** The app has sent something worth measuring: a PING that follows from it is none too many. */
  relax(): void {
    this.#buckets['ping-flood']?.put()
  }
}
