/**
 * Walks over a field block, field by field, without decoding it: where fields end, and nothing of what they say but
 * the two methods that are single bytes. Needed because what we append must stand for itself: a block that ends within
 * a string would take our bytes for that string's, and the client could name any address its own. Pure; no tables, no
 * Huffman, keeps nothing. RFC 7541 §5 and §6.
 */

const FIELD = 0
const INDEX_MORE = 1
const LENGTH = 2
const LENGTH_MORE = 3
const STRING = 4

/** Continuation bytes of an integer: 28 bits are more than any length that fits in a head. */
const MAX_SHIFT = 28

/** Single bytes in every table (RFC 7541, Appendix A). */
const METHOD_GET = 0x82
const METHOD_POST = 0x83

export class FieldWalk {
  /** The method, if it is one that every decoder knows from a single byte. */
  method: 'GET' | 'POST' | undefined
  /** The block adds to the decoder's table, or resizes it: whoever skips it reads no later one. */
  changesTable = false
  #state = FIELD
  /** Strings of this field that are still to come. */
  #strings = 0
  #left = 0
  #shift = 0

  /** Makes ready for another block. */
  reset(): void {
    this.method = undefined
    this.changesTable = false
    this.#state = FIELD
  }

  /** Whether the last byte walked over ended a field. */
  get between(): boolean {
    return this.#state === FIELD
  }

  /** Walks over `bytes[start..end)`, the next part of the block. Returns false where an integer has no end. */
  advance(bytes: Buffer, start: number, end: number): boolean {
    let at = start
    while (at < end) {
      if (this.#state === STRING) {
        const skip = Math.min(this.#left, end - at)
        this.#left -= skip
        at += skip
        if (this.#left === 0) this.#next()
      } else if (!this.#byte(bytes[at++]!)) return false
    }
    return true
  }

  #byte(byte: number): boolean {
    switch (this.#state) {
      case FIELD:
        this.#field(byte)
        return true
      case INDEX_MORE:
        this.#shift += 7
        if ((byte & 0x80) === 0) this.#next()
        return this.#shift <= MAX_SHIFT
      case LENGTH:
        this.#left = byte & 0x7f // The eighth bit says Huffman: the length is that of the coded bytes.
        this.#shift = 0
        if (this.#left === 0x7f) this.#state = LENGTH_MORE
        else this.#string()
        return true
      default: // LENGTH_MORE
        this.#left += (byte & 0x7f) * 2 ** this.#shift
        this.#shift += 7
        if ((byte & 0x80) === 0) this.#string()
        return this.#shift <= MAX_SHIFT
    }
  }

  /** The first byte of a field says which kind it is, and begins an index. */
  #field(byte: number): void {
    let most = 0x0f // 0000 or 0001: a literal that no table takes.
    this.#strings = 1
    if (byte >= 0x80) {
      if (byte === METHOD_GET) this.method = 'GET'
      else if (byte === METHOD_POST) this.method = 'POST'
      most = 0x7f
      this.#strings = 0
    } else if (byte >= 0x40) {
      most = 0x3f
      this.changesTable = true
    } else if (byte >= 0x20) {
      most = 0x1f
      this.#strings = 0
      this.changesTable = true
    }
    const index = byte & most
    if (this.#strings === 1 && index === 0) this.#strings = 2 // A new name comes first.
    this.#shift = 0
    if (index === most) this.#state = INDEX_MORE
    else this.#next()
  }

  #string(): void {
    this.#strings -= 1
    if (this.#left === 0) this.#next()
    else this.#state = STRING
  }

  #next(): void {
    this.#state = this.#strings > 0 ? LENGTH : FIELD
  }
}
