/**
 * Relays the frames of one direction of HTTP/2. Runs of bytes pass unchanged; a frame is dropped, its head replaced or
 * something inserted only where the owner orders it. Holds back the head of a frame until it is complete, and nothing
 * else, so that something can be inserted between any two frames. Pure.
 */

import { FrameCursor } from '../../protocol/http2/frame.ts'

export interface FrameOwner {
  /** The head of a frame is complete; returns whether the frame passes. The owner may stop the relay in this call. */
  frameBegins(frame: FrameCursor): 'pass' | 'drop'
  /** Part of the payload of a frame with `look` set; an empty part if the frame has no payload. */
  framePayload(bytes: Buffer, start: number, end: number): void
  frameEnds(frame: FrameCursor): void
}

const NOTHING = Buffer.alloc(0)

export class FrameRelay {
  /** The owner sets it in `frameBegins` to see the payload. */
  look = false
  readonly #frame = new FrameCursor()
  readonly #owner: FrameOwner
  readonly #out: (bytes: Buffer, start: number, end: number) => void
  #bytes: Buffer = NOTHING
  /** How much of the given bytes has been sent, and how much has been read. */
  #sent = 0
  #at = 0
  #dropping = false
  #replaced = false
  #stopped = false

  constructor(owner: FrameOwner, out: (bytes: Buffer, start: number, end: number) => void) {
    this.#owner = owner
    this.#out = out
  }

  /** Within a frame: nothing may be inserted. */
  get within(): boolean {
    return this.#frame.open
  }

  get dropping(): boolean {
    return this.#dropping
  }

  feed(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes
    this.#sent = start
    this.#at = start
    const frame = this.#frame
    while (!this.#stopped && (this.#at < end || (frame.open && frame.left === 0))) {
      if (!frame.open) this.#begin(end)
      else if (frame.left > 0) this.#payload(end)
      else this.#end()
    }
    this.#flush(this.#at)
    this.#bytes = NOTHING
    this.#sent = 0
    this.#at = 0
  }

  /** Sends bytes of lastcall's own after everything read so far. Only allowed between frames. */
  put(bytes: Buffer): void {
    this.#flush(this.#at)
    this.#out(bytes, 0, bytes.length)
  }

  /** Only from within `framePayload`: inserts bytes at this offset. */
  putAt(at: number, bytes: Buffer): void {
    this.#flush(at)
    this.#out(bytes, 0, bytes.length)
  }

  /** Only from within `frameBegins`: sends another head instead. */
  replaceHead(head: Buffer): void {
    const { headBytes, headStart } = this.#frame
    if (headBytes === this.#bytes) this.#flush(headStart)
    this.#out(head, 0, head.length)
    this.#replaced = true
  }

  /** Sends what has been read; relays and reads nothing more. */
  stop(): void {
    this.#flush(this.#at)
    this.#stopped = true
  }

  #begin(end: number): void {
    const frame = this.#frame
    const from = this.#at
    if (!frame.begin(this.#bytes, from, end)) {
      this.#flush(from)
      this.#sent = end
      this.#at = end
      return
    }
    this.look = false
    this.#replaced = false
    this.#dropping = this.#owner.frameBegins(frame) === 'drop'
    if (this.#stopped) return
    const { headBytes, headStart, headEnd } = frame
    const gathered = headBytes !== this.#bytes
    if (this.#dropping) this.#flush(from)
    else if (gathered && !this.#replaced) this.#out(headBytes, headStart, headEnd)
    this.#at = frame.at
    if (this.#dropping || gathered || this.#replaced) this.#sent = this.#at
    if (this.look && frame.left === 0) this.#owner.framePayload(this.#bytes, this.#at, this.#at)
  }

  #payload(end: number): void {
    const from = this.#at
    const take = Math.min(this.#frame.left, end - from)
    this.#frame.left -= take
    this.#at = from + take
    if (this.#dropping) this.#sent = this.#at
    if (this.look) this.#owner.framePayload(this.#bytes, from, from + take)
  }

  #end(): void {
    this.#frame.open = false
    this.#owner.frameEnds(this.#frame)
  }

  #flush(to: number): void {
    if (to <= this.#sent) return
    const from = this.#sent
    this.#sent = to
    if (!this.#stopped) this.#out(this.#bytes, from, to)
  }
}
