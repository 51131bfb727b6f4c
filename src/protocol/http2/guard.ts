/**
 * Knows the floods of HTTP/2 by name and says when one is on. Each is a bucket: so many at once, and so many a second
 * from then on. What the other frames of a connection oblige a client to say is not counted at all: see `Due`. The
 * measures are far above what clients do, and far below what hurts an app behind us. Pure.
 */

import {
  COMPRESSION_ERROR,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from './frame.ts'

/** The floods; each is a label of lastcall_refused_total. */
export type Flood =
  | 'rapid-reset'
  | 'continuation-flood'
  | 'ping-flood'
  | 'settings-flood'
  | 'priority-flood'
  | 'window-update-flood'
  | 'goaway-flood'
  | 'empty-frames'

interface Measure {
  readonly label: Flood
  /** As many at once, after a quiet time. */
  readonly burst: number
  readonly perSecond: number
}

export const MEASURES = {
  /**
   * CVE-2023-44487: streams reset before the app could answer, and so soon that nobody has waited for an answer (see
   * `YOUNG_MS`); CVE-2025-8671: streams that the client made the app reset. The numbers are those of nghttp2.
   */
  'rapid-reset': { label: 'rapid-reset', burst: 1000, perSecond: 33 },
  /**
   * Resets without an answer at any age. A client with deadlines on an app that hangs makes as many as it has calls:
   * 100 at a time with 100 ms each are 1,000 a second. An app without a limit of streams would have to begin as many
   * as the line carries, 25 ms later.
   */
  'late-reset': { label: 'rapid-reset', burst: 20_000, perSecond: 2000 },
  /** CVE-2019-9512. A gRPC client measures the line with a PING for data that it gets: see `Guard.answered`. */
  'ping-flood': { label: 'ping-flood', burst: 1000, perSecond: 50 },
  /** CVE-2019-9515. Nobody changes settings often. */
  'settings-flood': { label: 'settings-flood', burst: 100, perSecond: 5 },
  /** CVE-2019-9513: browsers reorder a page's resources, and then no more. */
  'priority-flood': { label: 'priority-flood', burst: 1000, perSecond: 100 },
  /** Beyond those that data and streams call for. */
  'window-update-flood': { label: 'window-update-flood', burst: 1000, perSecond: 100 },
  /** A client says it once, or twice (RFC 9113 §6.8). */
  'goaway-flood': { label: 'goaway-flood', burst: 20, perSecond: 1 },
  /** CVE-2019-9518: frames that carry nothing and end nothing. */
  'empty-frames': { label: 'empty-frames', burst: 500, perSecond: 20 },
} as const satisfies Record<string, Measure>

/**
 * A stream reset later than this is not young. The attack lives on not waiting: a reset frees its place among the
 * streams that the app allows at once, so that the line alone limits how many the app must begin. Whoever waits so long
 * gets no more work out of the app than by ordinary requests that take 25 ms; and who gives up on a call for its
 * deadline has waited longer. Shorter deadlines than this may still be missed as often as `rapid-reset` allows.
 */
export const YOUNG_MS = 25
/** A stream that ran to its end makes up for a tenth of a young reset: who hedges calls cancels some of them early. */
const COMPLETED_PAYS = 0.1

/** Frames of one field block (CVE-2024-27316). Blocks are bounded in bytes as well, by --max-head. */
export const MAX_BLOCK_FRAMES = 64

/**
 * What the app is due at the most of one kind. Beyond it, a client that does not pay what it owes gains nothing:
 * 100,000 frames of 13 bytes are over in a fraction of a second.
 */
export const MAX_DUE = 100_000

/** WINDOW_UPDATEs for a frame of data: one for the stream and one for the connection, and as many for every KiB. */
const UPDATES_A_FRAME = 2
const UPDATES_A_KIB = 2
/** Many clients open the window of a stream with the stream. */
const UPDATES_A_STREAM = 2
/** A stream can be ended once and reset once by a client that does not know yet that it is over. */
const ENDS_A_STREAM = 2

/** The errors in RST_STREAM by which an app says that its client broke the rules (RFC 9113 §7). */
export function blamesClient(error: number): boolean {
  switch (error) {
    case PROTOCOL_ERROR:
    case FLOW_CONTROL_ERROR:
    case STREAM_CLOSED:
    case FRAME_SIZE_ERROR:
    case COMPRESSION_ERROR:
      return true
    default:
      return false
  }
}

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

  /** Puts so much back. */
  put(amount: number): void {
    this.#level = Math.min(this.#measure.burst, this.#level + amount)
  }
}

/** Frames that the client may say because of others, and that are no flood therefore. Bounded. */
class Due {
  #count = 0

  owe(count: number): void {
    this.#count = Math.min(MAX_DUE, this.#count + count)
  }

  /** One has come. Returns false if none was due. */
  paid(): boolean {
    if (this.#count < 1) return false
    this.#count -= 1
    return true
  }
}

export class Guard {
  /** ACKs of the app's PINGs: a grpc-go server measures the line with a PING for data that it gets. */
  readonly acks = new Due()
  /** WINDOW_UPDATEs for what the app has sent, and for streams. */
  readonly updates = new Due()
  /** Ends and resets of streams, which may have ended otherwise in the meantime. */
  readonly ends = new Due()
  readonly #buckets: Partial<Record<keyof typeof MEASURES, Bucket>> = {}

  /** Counts one; true if that is one too many. `now` in milliseconds. */
  floods(kind: keyof typeof MEASURES, now: number): boolean {
    return !(this.#buckets[kind] ??= new Bucket(MEASURES[kind], now)).take(now)
  }

  /** The client opens a stream. */
  opened(): void {
    this.updates.owe(UPDATES_A_STREAM)
    this.ends.owe(ENDS_A_STREAM)
  }

  /** The app has answered something. A PING of the client that follows from it is none too many. */
  answered(): void {
    this.#buckets['ping-flood']?.put(1)
  }

  /** The app has sent a frame of data with so many bytes. */
  sentData(length: number): void {
    this.answered()
    this.updates.owe(UPDATES_A_FRAME + (length >> 10) * UPDATES_A_KIB)
  }

  /** A stream has run to its end on both sides. */
  completed(): void {
    this.#buckets['rapid-reset']?.put(COMPLETED_PAYS)
    this.#buckets['late-reset']?.put(1)
  }
}
