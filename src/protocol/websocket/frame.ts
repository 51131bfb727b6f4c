/**
 * Moves over one direction of a WebSocket stream, frame by frame, in any split: reads headers (RFC 6455 §5.2), skips
 * payloads by arithmetic, keeps no byte. It does not judge what the peers judge (masks, reserved bits, opcodes,
 * fragments); only what cannot be the header of a frame is called nonsense, and from there on nothing is known.
 */

/** Opcodes from here on are control frames (RFC 6455 §5.5). */
const CONTROL = 0x8
const OPCODE_CLOSE = 0x8
/** RFC 6455 §5.5: the longest payload of a control frame. */
const MAX_CONTROL = 125
const MASK_BYTES = 4
/** The highest value of the upper half of a length that a number can hold: 2^53-1. */
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
  /** Bytes still to come of the length, of the mask, or of the payload. */
  #left = 0
  /** The upper half of a length of 64 bits, and what is known of the rest. */
  #upper = 0
  #length = 0
  #closing = false

  /** Between two frames: where one may be put in. */
  get between(): boolean {
    return this.#state === FIRST
  }

  /** A Close frame has begun: its sender says no more after it (RFC 6455 §5.5.1). */
  get closing(): boolean {
    return this.#closing
  }

  /** What came cannot be a frame: where the next one would begin, nobody knows. */
  get nonsense(): boolean {
    return this.#state === NONSENSE
  }

  /**
   * Moves over `bytes[start..end)`, at most to the end of one frame. Returns the offset behind what was taken; after
   * nonsense all of it is.
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
    // RFC 6455 §5.5: control frames are short and whole. What is neither is another protocol's, or broken.
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
    // RFC 6455 §5.2: the most significant bit MUST be 0; and more than 2^53-1 bytes nobody sends.
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
