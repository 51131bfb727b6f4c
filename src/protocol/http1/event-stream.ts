/**
 * Tells whether a stream of events (WHATWG HTML §9.2.6) stands between two events: it does behind a blank line, and
 * before its first byte. Lines end by LF, CR or CRLF, mixed as one likes. That can be seen from the last three bytes,
 * so three bytes are all that is kept. Pure; knows nothing of chunks.
 */

import { CR, LF } from './bytes.ts'

/** Stands for the byte before the first one. */
const START = -1

export class EventStream {
  #last = START
  #second = START
  #third = START

  /** Takes `bytes[start..end)` of the stream. */
  take(bytes: Uint8Array, start: number, end: number): void {
    // At most the last three matter.
    for (let at = Math.max(start, end - 3); at < end; at++) {
      this.#third = this.#second
      this.#second = this.#last
      this.#last = bytes[at]!
    }
  }

  /** Whether what was taken ends with a whole event: to stop here loses nothing that was begun. */
  get between(): boolean {
    switch (this.#last) {
      case START:
        return true
      case LF:
        return isLineEnd(this.#second === CR ? this.#third : this.#second)
      case CR:
        // Where lines end by CRLF the LF is still to come, and there are readers that wait for it.
        return isLineEnd(this.#second) && !(this.#second === LF && this.#third === CR)
      default:
        return false
    }
  }
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR || byte === START
}
