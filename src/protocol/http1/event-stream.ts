/**
 * Tells whether an event stream (WHATWG HTML §9.2.6) is between two events: it is behind a blank line, and before its
 * first byte. A line ends with LF, CR or CRLF, and one stream may mix them. The last three bytes are enough to tell, so
 * only these are kept. Knows nothing of chunks. Pure.
 */

import { CR, LF } from './bytes.ts'

/** In place of the bytes before the first one. */
const START = -1

export class EventStream {
  #last = START
  #second = START
  #third = START

  /** Takes `bytes[start..end)` of the stream. */
  take(bytes: Uint8Array, start: number, end: number): void {
    // Only the last three can matter.
    for (let at = Math.max(start, end - 3); at < end; at++) {
      this.#third = this.#second
      this.#second = this.#last
      this.#last = bytes[at]!
    }
  }

  /** Whether no event is incomplete: if the stream ends here, the client loses none. */
  get between(): boolean {
    switch (this.#last) {
      case START:
        return true
      case LF:
        return isLineEnd(this.#second === CR ? this.#third : this.#second)
      case CR:
        // Behind a line that ended with CRLF, this CR has its LF still to come, and some clients wait for it.
        return isLineEnd(this.#second) && !(this.#second === LF && this.#third === CR)
      default:
        return false
    }
  }
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR || byte === START
}
