/**
 * Relays the frames of one direction of HTTP/2: runs of bytes go on as they came, and only where its owner says so is a
 * frame dropped, its head replaced, or something put in. Holds back the head of a frame until it is complete, and no
 * more: so every place between two frames is one where something may be put in. Pure.
 */

import { FrameCursor } from '../../protocol/http2/frame.ts'

export interface FrameOwner {
  /** The head of a frame is complete: whether the frame goes on. The owner may have stopped the relay. */
  frameBegins(frame: FrameCursor): 'pass' | 'drop'
  /** A part of the payload of a frame that is looked into (`look`); of one that has none, an empty part. */
  framePayload(bytes: Buffer, start: number, end: number): void
  frameEnds(frame: FrameCursor): void
}

const NOTHING = Buffer.alloc(0)

export class FrameRelay {
  /** Set by the owner when a frame begins: it is shown its payload. */
  look = false
  readonly #frame = new FrameCursor()
  readonly #owner: FrameOwner
  readonly #out: (bytes: Buffer, start: number, end: number) => void
  #bytes: Buffer = NOTHING
  /** Of the bytes given, what has gone out, and how far they have been read. */
  #sent = 0
  #at = 0
  #dropping = false
  #replaced = false
  #stopped = false

  constructor(owner: FrameOwner, out: (bytes: Buffer, start: number, end: number) => void) {
    this.#owner = owner
    this.#out = out
  }

  /** Within a frame of which something has gone out, or would have: nothing may be put in. */
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

  /** Sends something of ours behind all that has been read so far; only where it may be put in. */
  put(bytes: Buffer): void {
    this.#flush(this.#at)
    this.#out(bytes, 0, bytes.length)
  }

  /** From within `framePayload`: puts something in at this offset. */
  putAt(at: number, bytes: Buffer): void {
    this.#flush(at)
    this.#out(bytes, 0, bytes.length)
  }

  /** From within `frameBegins`: another head goes out instead. */
  replaceHead(head: Buffer): void {
    const { headBytes, headStart } = this.#frame
    if (headBytes === this.#bytes) this.#flush(headStart)
    this.#out(head, 0, head.length)
    this.#replaced = true
  }

  /** What has been read goes out; nothing more is relayed, nor looked at. */
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
