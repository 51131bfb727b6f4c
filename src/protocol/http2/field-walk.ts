/**
 * Walks over a field block, field by field, to find where fields end. It decodes nothing but the two methods that are
 * single bytes. lastcall appends a field to the block: if the block ended within a string, the app would read the
 * appended bytes as a part of that string, and the client could claim any address as its own. No tables, no Huffman code;
 * keeps no byte. RFC 7541 §5 and §6. Pure.
 */

const FIELD = 0
const INDEX_MORE = 1
const LENGTH = 2
const LENGTH_MORE = 3
const STRING = 4

/** The most bits of an integer behind its prefix: 28 bits are more than any length that fits in a head. */
const MAX_SHIFT = 28

/** Indices into the static table, which every decoder has (RFC 7541, Appendix A). */
const METHOD_GET = 0x82
const METHOD_POST = 0x83

export class FieldWalk {
  /** The method, if it is a single byte of the static table. */
  method: 'GET' | 'POST' | undefined
  /** The block adds to the decoder's table or resizes it: a decoder that skips it cannot read later blocks. */
  changesTable = false
  #state = FIELD
  /** How many strings of this field are still to come. */
  #strings = 0
  #left = 0
  #shift = 0

  /** Begins another block. */
  reset(): void {
    this.method = undefined
    this.changesTable = false
    this.#state = FIELD
  }

  /** Whether the last byte walked over ended a field. */
  get between(): boolean {
    return this.#state === FIELD
  }

  /** Walks over `bytes[start..end)`, the next part of the block. Returns false if an integer is too long. */
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
        this.#left = byte & 0x7f // The eighth bit says Huffman: the length is that of the encoded bytes.
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

  /** The first byte of a field tells its kind, and begins an index. */
  #field(byte: number): void {
    let most = 0x0f // 0000 or 0001: a literal that is not added to the table.
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
    if (this.#strings === 1 && index === 0) this.#strings = 2 // Index 0: the name is a string too.
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
