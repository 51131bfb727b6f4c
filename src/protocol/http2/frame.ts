/**
 * The frame layer of HTTP/2: where each frame begins and ends, wherever the bytes are cut, and the few frames that lastcall
 * sends itself. Keeps the head of a frame that comes in pieces, at most 17 bytes, and no payload. Knows no streams and no
 * rules. RFC 9113 §4.1 and §6. Pure.
 */

export const DATA = 0x0
export const HEADERS = 0x1
export const PRIORITY = 0x2
export const RST_STREAM = 0x3
export const SETTINGS = 0x4
export const PUSH_PROMISE = 0x5
export const PING = 0x6
export const GOAWAY = 0x7
export const WINDOW_UPDATE = 0x8
export const CONTINUATION = 0x9
/** RFC 9218 §7.1. */
export const PRIORITY_UPDATE = 0x10

/** Flags. The type of the frame decides which of them have a meaning. */
export const END_STREAM = 0x1
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
export const HAS_PRIORITY = 0x20

/** RFC 9113 §7. */
export const NO_ERROR = 0x0
export const PROTOCOL_ERROR = 0x1
export const INTERNAL_ERROR = 0x2
export const FLOW_CONTROL_ERROR = 0x3
export const STREAM_CLOSED = 0x5
export const FRAME_SIZE_ERROR = 0x6
export const REFUSED_STREAM = 0x7
export const CANCEL = 0x8
export const COMPRESSION_ERROR = 0x9
export const ENHANCE_YOUR_CALM = 0xb

export const HEADER_BYTES = 9
/** The initial value of SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2). */
export const DEFAULT_MAX_FRAME = 16_384
/** The highest stream identifier. In a GOAWAY it says that no stream is refused yet (RFC 9113 §6.8). */
export const MAX_STREAM = 0x7fff_ffff

/** The most bytes of a frame that must be known before it is dealt with: PING and GOAWAY need 8 of the payload. */
const HEAD_MAX = HEADER_BYTES + 8
const NOTHING = Buffer.alloc(0)

/**
 * Reads the heads of frames. A head is the 9 bytes that every frame has, and the first bytes of the payload where these
 * decide what is done with the frame (`peekOf`). The payload behind the head is only counted, in `left`.
 */
export class FrameCursor {
  length = 0
  type = 0
  flags = 0
  stream = 0
  /** The head of a frame is complete, and the frame has not ended. The caller clears it. */
  open = false
  /** Bytes of the payload behind the head that are still to come. The caller counts them down. */
  left = 0
  /** The head is `headBytes[headStart..headEnd)`: in the bytes given, or where it was gathered. */
  headBytes: Buffer = NOTHING
  headStart = 0
  headEnd = 0
  /** The offset behind the head, in the bytes given last. */
  at = 0
  readonly #gathered = Buffer.alloc(HEAD_MAX)
  #have = 0

  /** How many bytes of an incomplete head are kept. */
  get kept(): number {
    return this.#have
  }

  /**
   * Reads the head of the next frame from `bytes[start..end)`. Returns whether the head is complete; the frame is then open.
   * If it is not, all these bytes are kept.
   */
  begin(bytes: Buffer, start: number, end: number): boolean {
    if (this.#have > 0 || !this.#isWhole(bytes, start, end)) return this.#gather(bytes, start, end)
    this.#begun(bytes, start, start + HEADER_BYTES + peekOf(this))
    this.at = this.headEnd
    return true
  }

  /** Where the payload begins in `headBytes`. */
  get payloadStart(): number {
    return this.headStart + HEADER_BYTES
  }

  #isWhole(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < HEADER_BYTES) return false
    this.#read(bytes, start)
    return end - start >= HEADER_BYTES + peekOf(this)
  }

  #gather(bytes: Buffer, start: number, end: number): boolean {
    const more = this.#take(HEADER_BYTES, bytes, start, end)
    if (this.#have < HEADER_BYTES) return false
    this.#read(this.#gathered, 0)
    const size = HEADER_BYTES + peekOf(this)
    this.at = this.#take(size, bytes, more, end)
    if (this.#have < size) return false
    this.#have = 0
    this.#begun(this.#gathered, 0, size)
    return true
  }

  /** Copies bytes until `size` of them are there. Returns the offset behind those taken. */
  #take(size: number, bytes: Buffer, start: number, end: number): number {
    const take = Math.max(0, Math.min(size - this.#have, end - start))
    bytes.copy(this.#gathered, this.#have, start, start + take)
    this.#have += take
    return start + take
  }

  #read(bytes: Buffer, at: number): void {
    this.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    this.type = bytes[at + 3]!
    this.flags = bytes[at + 4]!
    this.stream = bytes.readUInt32BE(at + 5) & MAX_STREAM
  }

  #begun(bytes: Buffer, start: number, end: number): void {
    this.headBytes = bytes
    this.headStart = start
    this.headEnd = end
    this.left = this.length - (end - start - HEADER_BYTES)
    this.open = true
  }
}

/** How many bytes of the payload are padding, including the byte that tells its length (§6.1, §6.2). */
export function paddingOf({ flags, headBytes, payloadStart }: FrameCursor): number {
  return (flags & PADDED) === 0 ? 0 : 1 + headBytes[payloadStart]!
}

/** How many bytes of the payload belong to the head, at most all of them. */
function peekOf({ type, flags, length }: FrameCursor): number {
  const padLength = (flags & PADDED) === 0 ? 0 : 1
  switch (type) {
    case HEADERS: // The length of the padding, and the priority: the field block begins behind them (RFC 9113 §6.2).
      return Math.min(length, padLength + ((flags & HAS_PRIORITY) === 0 ? 0 : 5))
    case DATA: // The length of the padding: without it, what is data is not known (§6.1).
      return Math.min(length, padLength)
    case RST_STREAM: // The error (§6.4).
      return Math.min(length, 4)
    case PUSH_PROMISE: // The promised stream (§6.6).
      return Math.min(length, padLength + 4)
    case PING: // All of it (§6.7).
    case GOAWAY: // The last stream and the error (§6.8).
      return Math.min(length, 8)
    default:
      return 0
  }
}

/** A whole frame. `payload` must not be longer than the peer's SETTINGS_MAX_FRAME_SIZE. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  payload.copy(bytes, HEADER_BYTES)
  return bytes
}

/** These numbers, of 32 bits each. */
function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, i) => bytes.writeUInt32BE(number, 4 * i))
  return bytes
}

export function goaway(lastStream: number, error: number): Buffer {
  return frame(GOAWAY, 0, 0, words(lastStream, error))
}

/** `opaque` is 8 bytes. */
export function ping(opaque: Buffer): Buffer {
  return frame(PING, 0, 0, opaque)
}

export function rstStream(stream: number, error: number): Buffer {
  return frame(RST_STREAM, 0, stream, words(error))
}

/** Stream 0 stands for the connection. */
export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(WINDOW_UPDATE, 0, stream, words(increment))
}

/** The end of a field block. */
export function lastContinuation(stream: number, fragment: Buffer): Buffer {
  return frame(CONTINUATION, END_HEADERS, stream, fragment)
}

/** SETTINGS without a setting: the least with which a server may begin (RFC 9113 §3.4). */
export const EMPTY_SETTINGS = frame(SETTINGS, 0, 0, NOTHING)

/** A copy of the head in `bytes[start..end)`, with another length of the payload and other flags. */
export function headWith(
  bytes: Buffer,
  start: number,
  end: number,
  { length, flags }: { readonly length: number; readonly flags: number },
): Buffer {
  const head = Buffer.from(bytes.subarray(start, end))
  head.writeUIntBE(length, 0, 3)
  head[4] = flags
  return head
}
