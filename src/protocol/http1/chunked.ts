/**
 * A cursor over a chunked body (RFC 9112 §7.1): says where it ends, keeps nothing, skips chunk data by arithmetic.
 * Strict for requests, where a size line that two parsers read differently smuggles a request; lenient for responses.
 */

import { COLON, CR, HEX, HTAB, LF, SP, TOKEN, VALUE } from './bytes.ts'
import type { EventStream } from './event-stream.ts'
import { REFUSE } from './refusal.ts'

/** Chunk extensions of one body, in bytes: as much as Node's own server allows (CVE-2024-22019). */
const MAX_EXTENSIONS = 16 * 1024
/** Digits of a chunk size: leading zeros are allowed, but not for ever. */
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
const TRAILER_START = 10
const TRAILER_NAME = 11
const TRAILER_VALUE = 12
const TRAILER_LF = 13
const END_LF = 14
const DONE = 15
const LENIENT_EXT = 16
const LENIENT_TRAILER = 17
const LENIENT_TRAILER_CR = 18

/**
 * What a trailer may not be called (RFC 9110 §6.5.1): an app that merges trailers into its header fields would take
 * the client's word for framing, routing, the fate of the connection, or the line that we put in.
 */
const FORBIDDEN = ['content-length', 'transfer-encoding', 'connection', 'host', 'x-forwarded-for']
const ALL_FORBIDDEN = (1 << FORBIDDEN.length) - 1

export class ChunkCursor {
  /** If given, it is shown the data, and `advance` stops behind each chunk. */
  events: EventStream | undefined
  #state = SIZE
  /** While in SIZE the size so far, then the bytes of data that are still to come. */
  #size = 0
  /** Digits of this size, or bytes of this name: whichever is being read. */
  #count = 0
  #extensions = 0
  #trailers = 0
  /** A bit for each of FORBIDDEN that the name being read has begun with so far. */
  #forbidden = 0
  readonly #strict: boolean
  readonly #maxTrailers: number

  constructor(strict: boolean, maxTrailers: number) {
    this.#strict = strict
    this.#maxTrailers = maxTrailers
  }

  /** Makes ready for the next body. */
  reset(): void {
    this.#state = SIZE
    this.#size = 0
    this.#count = 0
    this.#extensions = 0
    this.#trailers = 0
  }

  /** Whether the body, its trailers included, has ended. */
  get done(): boolean {
    return this.#state === DONE
  }

  /** Whether the last byte taken ended a chunk's data with its CRLF: where a chunk may be put in. */
  get atChunkStart(): boolean {
    return this.#state === SIZE && this.#count === 0
  }

  /**
   * Moves over `bytes[start..end)`. Returns the offset behind the last byte that belongs to the body, or a negative
   * refusal; after a refusal the cursor is of no use until `reset`.
   */
  advance(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.#state === DATA) {
        const skip = Math.min(this.#size, end - at)
        this.#size -= skip
        this.events?.take(bytes, at, at + skip)
        at += skip
        if (this.#size === 0) this.#state = DATA_CR
        continue
      }
      if (this.#state === DONE) return at
      const verdict = this.#byte(bytes[at]!)
      if (verdict < 0) return verdict
      at += 1
      if (this.events !== undefined && this.atChunkStart) return at
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
      case TRAILER_START:
      case TRAILER_NAME:
      case TRAILER_VALUE:
      case TRAILER_LF:
      case END_LF:
      case LENIENT_TRAILER:
      case LENIENT_TRAILER_CR:
        return this.#trailerByte(byte)
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
    this.#state = this.#size === 0 ? TRAILER_START : DATA
    return 0
  }

  #extensionStarts(): number {
    this.#state = EXT_NAME
    this.#count = 0
    return 0
  }

  /** chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without the blanks that §7.1.1 calls bad. */
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

  #trailerByte(byte: number): number {
    this.#trailers += 1
    if (this.#trailers > this.#maxTrailers) return REFUSE.trailers
    switch (this.#state) {
      case TRAILER_START:
        if (byte === CR) this.#state = END_LF
        else if (!this.#strict) this.#state = byte === LF ? DONE : LENIENT_TRAILER
        else if (TOKEN[byte] === 1) {
          this.#state = TRAILER_NAME
          this.#count = 0
          this.#forbidden = ALL_FORBIDDEN
          this.#nameByte(byte)
        } else return REFUSE.trailer
        return 0
      case TRAILER_NAME:
        if (byte === COLON) {
          if (this.#isForbidden()) return REFUSE.trailer
          this.#state = TRAILER_VALUE
        } else if (TOKEN[byte] === 1) this.#nameByte(byte)
        else return REFUSE.trailer
        return 0
      case TRAILER_VALUE:
        if (byte === CR) this.#state = TRAILER_LF
        else if (VALUE[byte] !== 1) return REFUSE.trailer
        return 0
      case TRAILER_LF:
        if (byte !== LF) return REFUSE.trailer
        this.#state = TRAILER_START
        return 0
      case END_LF:
        if (byte !== LF) return REFUSE.trailer
        this.#state = DONE
        return 0
      case LENIENT_TRAILER_CR:
        // A bare CR: readers differ on whether it ends a line.
        if (byte !== LF) return REFUSE.trailer
        this.#state = TRAILER_START
        return 0
      default: // LENIENT_TRAILER
        if (byte === LF) this.#state = TRAILER_START
        else if (byte === CR) this.#state = LENIENT_TRAILER_CR
        return 0
    }
  }

  #nameByte(byte: number): void {
    // With `_` for `-` it is the same to a CGI-like app: underscore.ts.
    const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    for (let i = 0; i < FORBIDDEN.length; i++)
      if (FORBIDDEN[i]!.charCodeAt(this.#count) !== lower) this.#forbidden &= ~(1 << i)
    this.#count += 1
  }

  #isForbidden(): boolean {
    return FORBIDDEN.some((name, i) => (this.#forbidden & (1 << i)) !== 0 && name.length === this.#count)
  }
}
