/**
 * Moves over the trailer section of a chunked body (RFC 9112 §7.1.2) to the empty line that ends it. Strict for requests:
 * fields must be well-formed, and some are forbidden. Lenient for responses: only the ends of lines count. Keeps no byte.
 */

import { COLON, CR, LF, TOKEN, VALUE } from './bytes.ts'
import { REFUSE } from './refusal.ts'

const LINE_START = 0
const NAME = 1
const FIELD_VALUE = 2
const LINE_LF = 3
const LAST_LF = 4
const DONE = 5
const LENIENT_LINE = 6

/**
 * Fields that may not be trailers (RFC 9110 §6.5.1): an app that merges trailers into its header fields would believe
 * the client about framing, routing, the fate of the connection, or the address that lastcall itself puts in.
 */
const FORBIDDEN = ['content-length', 'transfer-encoding', 'connection', 'host', 'x-forwarded-for']
const ALL_FORBIDDEN = (1 << FORBIDDEN.length) - 1

export class TrailerCursor {
  readonly #strict: boolean
  readonly #limit: number
  #state = LINE_START
  /** Bytes of the section so far. */
  #length = 0
  /** Bytes of the name that is being read. */
  #nameLength = 0
  /** One bit for each of FORBIDDEN that begins with what has been read of the name. */
  #candidates = 0

  /** `limit` in bytes, the line that ends the section included. */
  constructor(strict: boolean, limit: number) {
    this.#strict = strict
    this.#limit = limit
  }

  /** Begins another section. */
  reset(): void {
    this.#state = LINE_START
    this.#length = 0
  }

  /** Whether the section has ended. */
  get done(): boolean {
    return this.#state === DONE
  }

  /** Takes the next byte. Returns 0, or a negative refusal. */
  byte(byte: number): number {
    this.#length += 1
    if (this.#length > this.#limit) return REFUSE.trailers
    switch (this.#state) {
      case LINE_START:
        if (byte === CR) this.#state = LAST_LF
        else if (!this.#strict) this.#state = byte === LF ? DONE : LENIENT_LINE
        else if (TOKEN[byte] === 1) {
          this.#state = NAME
          this.#nameLength = 0
          this.#candidates = ALL_FORBIDDEN
          this.#nameByte(byte)
        } else return REFUSE.trailer
        return 0
      case NAME:
        if (byte === COLON) {
          if (this.#isForbidden()) return REFUSE.trailer
          this.#state = FIELD_VALUE
        } else if (TOKEN[byte] === 1) this.#nameByte(byte)
        else return REFUSE.trailer
        return 0
      case FIELD_VALUE:
        if (byte === CR) this.#state = LINE_LF
        else if (VALUE[byte] !== 1) return REFUSE.trailer
        return 0
      case LINE_LF:
        // Also in a lenient line: readers differ on whether a bare CR ends it.
        if (byte !== LF) return REFUSE.trailer
        this.#state = LINE_START
        return 0
      case LAST_LF:
        if (byte !== LF) return REFUSE.trailer
        this.#state = DONE
        return 0
      default: // LENIENT_LINE
        if (byte === LF) this.#state = LINE_START
        else if (byte === CR) this.#state = LINE_LF
        return 0
    }
  }

  #nameByte(byte: number): void {
    // An underscore counts as a hyphen: to a CGI-like app the names are the same (underscore.ts).
    const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    for (let i = 0; i < FORBIDDEN.length; i++)
      if (FORBIDDEN[i]!.charCodeAt(this.#nameLength) !== lower) this.#candidates &= ~(1 << i)
    this.#nameLength += 1
  }

  #isForbidden(): boolean {
    return FORBIDDEN.some(
      (name, i) => (this.#candidates & (1 << i)) !== 0 && name.length === this.#nameLength,
    )
  }
}
