/**
 * Counts the frames of each known flood of HTTP/2, and says when there are too many. Each flood has a token bucket: so many
 * frames at once, then so many a second. Frames that a client sends because of other frames are not counted (`Due`). The
 * measures are far above what clients do, and far below what harms an app. Pure.
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
  /** How many are allowed at once, when none has come for a while. */
  readonly burst: number
  readonly perSecond: number
}

export const MEASURES = {
  /**
   * CVE-2023-44487: streams that the client reset before the app answered, sooner than a client that wants the answer
   * would (`YOUNG_MS`). CVE-2025-8671: streams that the client made the app reset. The numbers are those of nghttp2.
   */
  'rapid-reset': { label: 'rapid-reset', burst: 1000, perSecond: 33 },
  /**
   * Streams of any age that the client reset before the app answered. If the app hangs, a client with deadlines resets
   * all its calls: with 100 at a time and a deadline of 100 ms, 1,000 a second. Without this measure, an attacker who
   * waits `YOUNG_MS` could make an app that does not limit its streams begin as many as the line carries.
   */
  'late-reset': { label: 'rapid-reset', burst: 20_000, perSecond: 2000 },
  /** CVE-2019-9512. A gRPC client sends PINGs to measure the line while it gets data: see `Guard.answered`. */
  'ping-flood': { label: 'ping-flood', burst: 1000, perSecond: 50 },
  /** CVE-2019-9515. Clients change settings rarely. */
  'settings-flood': { label: 'settings-flood', burst: 100, perSecond: 5 },
  /** CVE-2019-9513. Browsers send many when they load a page, and then none. */
  'priority-flood': { label: 'priority-flood', burst: 1000, perSecond: 100 },
  /** Those that neither data nor streams are a reason for. */
  'window-update-flood': { label: 'window-update-flood', burst: 1000, perSecond: 100 },
  /** A client sends one or two (RFC 9113 §6.8). */
  'goaway-flood': { label: 'goaway-flood', burst: 20, perSecond: 1 },
  /** CVE-2019-9518: frames that carry nothing and end nothing. */
  'empty-frames': { label: 'empty-frames', burst: 500, perSecond: 20 },
} as const satisfies Record<string, Measure>

/**
 * A stream that is reset at this age or later is not young. The attack depends on not waiting: a reset frees the stream's
 * place among those that the app allows at once, so that only the line limits how many the app must begin. An attacker who
 * waits this long causes no more work than ordinary requests of 25 ms do, and a client that gives up at a deadline has
 * usually waited longer. Calls with shorter deadlines may be given up as often as `rapid-reset` allows.
 */
export const YOUNG_MS = 25
/** How many young resets a completed stream makes up for: a client that hedges its calls cancels some of them early. */
const COMPLETED_PAYS = 0.1

/** The most frames of one field block (CVE-2024-27316). --max-head bounds blocks in bytes. */
export const MAX_BLOCK_FRAMES = 64

/**
 * The most frames of one kind that are due at a time. A client can save up no more than these for a flood: 100,000 frames
 * of 13 bytes are over in a fraction of a second.
 */
export const MAX_DUE = 100_000

/** WINDOW_UPDATEs due for a frame of data: one for the stream and one for the connection, and as many for each KiB. */
const UPDATES_A_FRAME = 2
const UPDATES_A_KIB = 2
/** Many clients open the window of a stream with the stream. */
const UPDATES_A_STREAM = 2
/** A client may end a stream, and also reset it if it does not know yet that the stream is closed. */
const ENDS_A_STREAM = 2

/** Whether an app that resets a stream with this error says that the client broke the rules (RFC 9113 §7). */
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

  /** Takes one token out. Returns false if there is none. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#measure
    this.#level = Math.min(burst, this.#level + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    if (this.#level < 1) return false
    this.#level -= 1
    return true
  }

  /** Puts tokens back. */
  put(amount: number): void {
    this.#level = Math.min(this.#measure.burst, this.#level + amount)
  }
}

/** How many frames the client may send because of other frames: these are no flood. Bounded. */
class Due {
  #count = 0

  owe(count: number): void {
    this.#count = Math.min(MAX_DUE, this.#count + count)
  }

  /** A frame has come. Returns whether one was due. */
  paid(): boolean {
    if (this.#count < 1) return false
    this.#count -= 1
    return true
  }
}

export class Guard {
  /** ACKs of the app's PINGs: a grpc-go server sends PINGs to measure the line while it gets data. */
  readonly acks = new Due()
  /** WINDOW_UPDATEs: for data of the app, and for new streams. */
  readonly updates = new Due()
  /** Ends and resets of streams, which may have been closed by the app in the meantime. */
  readonly ends = new Due()
  readonly #buckets: Partial<Record<keyof typeof MEASURES, Bucket>> = {}

  /** Counts a frame of this kind. Returns whether it is one too many. `now` in milliseconds. */
  floods(kind: keyof typeof MEASURES, now: number): boolean {
    return !(this.#buckets[kind] ??= new Bucket(MEASURES[kind], now)).take(now)
  }

  /** The client opens a stream. */
  opened(): void {
    this.updates.owe(UPDATES_A_STREAM)
    this.ends.owe(ENDS_A_STREAM)
  }

  /** The app has sent a response or data: one PING of the client that this is the reason for is no flood. */
  answered(): void {
    this.#buckets['ping-flood']?.put(1)
  }

  /** The app has sent a frame of data; `length` in bytes. */
  sentData(length: number): void {
    this.answered()
    this.updates.owe(UPDATES_A_FRAME + (length >> 10) * UPDATES_A_KIB)
  }

  /** A stream has ended regularly on both sides. */
  completed(): void {
    this.#buckets['rapid-reset']?.put(COMPLETED_PAYS)
    this.#buckets['late-reset']?.put(1)
  }
}
