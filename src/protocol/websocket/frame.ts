/**
 * Moves over one direction of a WebSocket stream, frame by frame, wherever the bytes are cut: reads headers (RFC 6455
 * §5.2), skips payloads by arithmetic, keeps no byte. Leaves masks, reserved bits, opcodes and fragments to the peers to
 * judge. Bytes that cannot be the header of a frame are nonsense: where later frames begin is then unknown. Pure.
 */

/** The lowest opcode of a control frame (RFC 6455 §5.5). */
const CONTROL = 0x8
const OPCODE_CLOSE = 0x8
/** The longest payload of a control frame, in bytes (RFC 6455 §5.5). */
const MAX_CONTROL = 125
const MASK_BYTES = 4
/** The upper half of the highest length that is accepted, 2^53-1. */
const MAX_UPPER_HALF = 0x1fffff

const FIRST = 0
const SECOND = 1
const LENGTH = 2
const MASK = 3
const PAYLOAD = 4
const NONSENSE = 5

export class FrameCursor {
  #state = FIRST
  /** The first byte of the frame: FIN, reserved bits, opcode. */
  #first = 0
  #masked = false
  /** How many bytes of the length, the mask or the payload are still to come. */
  #left = 0
  /** The upper half of a length of 64 bits, as far as it is known. */
  #upper = 0
  /** The length of the payload, or the lower half of it, as far as it is known. */
  #length = 0
  #closing = false

  /** Between two frames: another one may be put in here. */
  get between(): boolean {
    return this.#state === FIRST
  }

  /** A Close frame has begun: its sender sends no other frame after it (RFC 6455 §5.5.1). */
  get closing(): boolean {
    return this.#closing
  }

  /** What came cannot be a frame, so where the next one begins is unknown. */
  get nonsense(): boolean {
    return this.#state === NONSENSE
  }

  /**
   * Moves over `bytes[start..end)`, at most to the end of a frame. Returns the offset behind what was taken; behind
   * nonsense, that is everything.
   */
  advance(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      switch (this.#state) {
        case PAYLOAD: {
          const skip = Math.min(this.#left, end - at)
          at += skip
          this.#left -= skip
          if (this.#left > 0) return at
          this.#state = FIRST
          return at
        }
        case NONSENSE:
          return end
        default:
          this.#header(bytes[at]!)
          at += 1
          if (this.#state === FIRST) return at
      }
    }
    return at
  }

  #header(byte: number): void {
    switch (this.#state) {
      case FIRST:
        this.#first = byte
        if ((byte & 0x0f) === OPCODE_CLOSE) this.#closing = true
        this.#state = SECOND
        return
      case SECOND:
        return this.#second(byte)
      case LENGTH:
        return this.#lengthByte(byte)
      default: // MASK
        this.#left -= 1
        if (this.#left === 0) this.#headerEnds()
    }
  }

  #second(byte: number): void {
    this.#masked = (byte & 0x80) !== 0
    this.#length = byte & 0x7f
    const control = (this.#first & 0x0f) >= CONTROL
    // RFC 6455 §5.5: control frames are short and not fragmented. Anything else is broken, or another protocol.
    if (control && (this.#length > MAX_CONTROL || (this.#first & 0x80) === 0)) this.#state = NONSENSE
    else if (this.#length <= 125) this.#lengthEnds()
    else {
      this.#left = this.#length === 126 ? 2 : 8
      this.#length = 0
      this.#upper = 0
      this.#state = LENGTH
    }
  }

  #lengthByte(byte: number): void {
    this.#left -= 1
    if (this.#left >= 4) this.#upper = this.#upper * 256 + byte
    else this.#length = this.#length * 256 + byte
    if (this.#left > 0) return
    // RFC 6455 §5.2: the most significant bit MUST be 0. Nobody sends more than 2^53-1 bytes.
    if (this.#upper > MAX_UPPER_HALF) {
      this.#state = NONSENSE
      return
    }
    this.#length += this.#upper * 2 ** 32
    this.#lengthEnds()
  }

  #lengthEnds(): void {
    if (!this.#masked) return this.#headerEnds()
    this.#left = MASK_BYTES
    this.#state = MASK
  }

  #headerEnds(): void {
    this.#left = this.#length
    this.#state = this.#length === 0 ? FIRST : PAYLOAD
  }
}
