/**
 * As much HTTP/2 as the benchmark's app and load generator need (RFC 9113): whole frames out of bytes in any split, and
 * field blocks made by hand that need no dynamic table (RFC 7541 §6.2.2). Judges nothing: the peers do.
 */

import { ACK, DATA, frame, HEADER_BYTES, PING, SETTINGS, windowUpdate } from '../src/protocol/http2/frame.ts'

const NOTHING = Buffer.alloc(0)
const SETTINGS_INITIAL_WINDOW_SIZE = 4
/** The largest window there is, and what a connection has of it at first (RFC 9113 §6.9). */
const MAX_WINDOW = 0x7fff_ffff
const FIRST_WINDOW = 65_535
/** The connection's window is given back in steps so large that nobody waits for one. */
const WINDOW_STEP = 2 ** 24

/** A field, never indexed by anybody: `name` as text, or as its place in the static table. */
export function field(name: string | number, value: string): Buffer {
  const start =
    typeof name === 'string' ? [0, name.length, ...Buffer.from(name)] : name < 15 ? [name] : [0x0f, name - 15]
  return Buffer.from([...start, value.length, ...Buffer.from(value)])
}

/** Frames with this stream written into each of them; `frames` was made for another. */
export function forStream(frames: readonly Buffer[], stream: number): Buffer {
  const bytes = Buffer.concat(frames)
  let at = 0
  for (const { length } of frames) {
    bytes.writeUInt32BE(stream, at + 5)
    at += length
  }
  return bytes
}

/** What both ends begin with: windows so large that flow control is the peers' own. */
export function opening(): Buffer {
  const windows = Buffer.alloc(6)
  windows.writeUInt16BE(SETTINGS_INITIAL_WINDOW_SIZE, 0)
  windows.writeUInt32BE(MAX_WINDOW, 2)
  return Buffer.concat([frame(SETTINGS, 0, 0, windows), windowUpdate(0, MAX_WINDOW - FIRST_WINDOW)])
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** One direction of a connection. What needs no thought is answered here: SETTINGS, PING and the connection's window. */
export class Frames {
  #rest: Buffer = NOTHING
  #taken = 0

  /** Gives `take` each frame that has come whole; returns what has to be answered before anything else. */
  read(bytes: Buffer, take: (frame: Frame) => void): Buffer[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const answers: Buffer[] = []
    let at = 0
    while (all.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + all.readUIntBE(at, 3)
      if (end > all.length) break
      const [type, flags] = [all[at + 3]!, all[at + 4]!]
      const payload = all.subarray(at + HEADER_BYTES, end)
      if (type === SETTINGS || type === PING) {
        if ((flags & ACK) === 0) answers.push(frame(type, ACK, 0, type === PING ? payload : NOTHING))
      } else {
        if (type === DATA) this.#taken += payload.length
        take({ type, flags, stream: all.readUInt32BE(at + 5) & MAX_WINDOW, payload })
      }
      at = end
    }
    this.#rest = at === all.length ? NOTHING : Buffer.from(all.subarray(at))
    if (this.#taken >= WINDOW_STEP) {
      answers.push(windowUpdate(0, WINDOW_STEP))
      this.#taken -= WINDOW_STEP
    }
    return answers
  }
}
