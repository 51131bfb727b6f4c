/**
 * Moves over a chunked body (RFC 9112 §7.1) to its end. Keeps no byte, and skips the data of chunks by arithmetic. Strict
 * for requests, where a size line that two parsers read differently can smuggle a request; lenient for responses.
 */

import { CR, HEX, HTAB, LF, SP, TOKEN, VALUE } from './bytes.ts'
import type { EventStream } from './event-stream.ts'
import { REFUSE } from './refusal.ts'
import { TrailerCursor } from './trailers.ts'

/** Chunk extensions of one body, in bytes: as much as Node's own server allows (CVE-2024-22019). */
const MAX_EXTENSIONS = 16 * 1024
/** The most digits of a chunk size: leading zeros are allowed, but not without end. */
const MAX_SIZE_DIGITS = 16

/** What ends a chunked body (RFC 9112 §7.1), without trailers. */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n')

const SIZE = 0
const EXT_NAME = 1
const EXT_VALUE = 2
const EXT_QUOTED = 3
const EXT_ESCAPED = 4
const EXT_QUOTED_END = 5
const SIZE_LF = 6
const DATA = 7
const DATA_CR = 8
const DATA_LF = 9
const TRAILERS = 10
const DONE = 11
const LENIENT_EXT = 12

export class ChunkCursor {
  #events: EventStream | undefined
  #state = SIZE
  /** In SIZE: the size so far. In DATA: how many bytes of the chunk are still to come. */
  #size = 0
  /** In SIZE: how many digits were read. In an extension: how many bytes of its name or value. */
  #count = 0
  /** Bytes of all extensions of this body. */
  #extensions = 0
  readonly #strict: boolean
  readonly #trailers: TrailerCursor

  /** `maxTrailers` in bytes bounds the trailer section. */
  constructor(strict: boolean, maxTrailers: number) {
    this.#strict = strict
    this.#trailers = new TrailerCursor(strict, maxTrailers)
  }

  /** Begins another body. `events` is shown its data, and `advance` then stops behind each chunk. */
  reset(events?: EventStream): void {
    this.#events = events
    this.#state = SIZE
    this.#size = 0
    this.#count = 0
    this.#extensions = 0
    this.#trailers.reset()
  }

  /** Whether the body, its trailers included, has ended. */
  get done(): boolean {
    return this.#state === DONE
  }

  /** Whether the next byte begins a chunk: another chunk may be put in here. */
  get atChunkStart(): boolean {
    return this.#state === SIZE && this.#count === 0
  }

  /** Whether the next byte begins a chunk, and no event of the stream has begun and not ended. */
  get betweenEvents(): boolean {
    return this.#events !== undefined && this.atChunkStart && this.#events.between
  }

  /**
   * Moves over `bytes[start..end)`. Returns the offset behind the last byte that belongs to the body, or a negative
   * refusal (refusal.ts). After a refusal the cursor must be reset before it is used again.
   */
  advance(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.#state === DATA) {
        const skip = Math.min(this.#size, end - at)
        this.#size -= skip
        this.#events?.take(bytes, at, at + skip)
        at += skip
        if (this.#size === 0) this.#state = DATA_CR
        continue
      }
      if (this.#state === DONE) return at
      const verdict = this.#byte(bytes[at]!)
      if (verdict < 0) return verdict
      at += 1
      if (this.#events !== undefined && this.atChunkStart) return at
    }
    return at
  }

  #byte(byte: number): number {
    switch (this.#state) {
      case SIZE:
        return this.#sizeByte(byte)
      case SIZE_LF:
        return byte === LF ? this.#sizeEnds() : REFUSE.chunkSize
      case DATA_CR:
        if (byte === CR) this.#state = DATA_LF
        else if (byte === LF && !this.#strict) this.#nextChunk()
        else return REFUSE.chunkEnd
        return 0
      case DATA_LF:
        if (byte !== LF) return REFUSE.chunkEnd
        this.#nextChunk()
        return 0
      case TRAILERS: {
        const verdict = this.#trailers.byte(byte)
        if (this.#trailers.done) this.#state = DONE
        return verdict
      }
      default:
        return this.#extensionByte(byte)
    }
  }

  #nextChunk(): void {
    this.#state = SIZE
    this.#size = 0
    this.#count = 0
  }

  #sizeByte(byte: number): number {
    const digit = HEX[byte]!
    if (digit !== 255) {
      this.#count += 1
      this.#size = this.#size * 16 + digit
      return this.#count > MAX_SIZE_DIGITS || this.#size > Number.MAX_SAFE_INTEGER ? REFUSE.chunkSize : 0
    }
    if (this.#count === 0) return REFUSE.chunkSize
    if (byte === CR) this.#state = SIZE_LF
    else if (!this.#strict) {
      if (byte === LF) return this.#sizeEnds()
      if (byte !== 0x3b && byte !== SP && byte !== HTAB) return REFUSE.chunkSize
      this.#state = LENIENT_EXT
    } else if (byte === 0x3b) return this.#extensionStarts()
    else return REFUSE.chunkSize
    return 0
  }

  #sizeEnds(): number {
    this.#count = 0
    this.#state = this.#size === 0 ? TRAILERS : DATA
    return 0
  }

  #extensionStarts(): number {
    this.#state = EXT_NAME
    this.#count = 0
    return 0
  }

  /** chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without the white space that §7.1.1 calls bad. */
  #extensionByte(byte: number): number {
    if (this.#state === LENIENT_EXT) return byte === LF ? this.#sizeEnds() : 0
    this.#extensions += 1
    if (this.#extensions > MAX_EXTENSIONS) return REFUSE.chunkExtensions
    if (this.#state === EXT_QUOTED) {
      if (byte === 0x22) this.#state = EXT_QUOTED_END
      else if (byte === 0x5c) this.#state = EXT_ESCAPED
      else if (VALUE[byte] !== 1) return REFUSE.chunkExtension
      return 0
    }
    if (this.#state === EXT_ESCAPED) {
      if (VALUE[byte] !== 1) return REFUSE.chunkExtension
      this.#state = EXT_QUOTED
      return 0
    }
    const complete = this.#state === EXT_QUOTED_END || this.#count > 0
    if (this.#state !== EXT_QUOTED_END && TOKEN[byte] === 1) {
      this.#count += 1
      return 0
    }
    if (this.#state === EXT_VALUE && byte === 0x22 && this.#count === 0) {
      this.#state = EXT_QUOTED
      return 0
    }
    if (!complete) return REFUSE.chunkExtension
    if (byte === CR) this.#state = SIZE_LF
    else if (byte === 0x3b) return this.#extensionStarts()
    else if (byte === 0x3d && this.#state === EXT_NAME) {
      this.#state = EXT_VALUE
      this.#count = 0
    } else return REFUSE.chunkExtension
    return 0
  }
}
