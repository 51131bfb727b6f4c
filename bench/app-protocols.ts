/**
 * What the benchmark's app speaks once a connection is no longer HTTP/1.1: WebSocket echo, and HTTP/2 with prior knowledge.
 * As cheap as app.ts: it reads no field block. A request without a body gets 60 bytes; one with a body is taken for
 * gRPC: each message comes back, and trailers end it.
 */

import { createHash } from 'node:crypto'
import { DATA, END_HEADERS, END_STREAM, frame, HEADERS } from '../src/protocol/http2/frame.ts'
import { field, forStream, type Frame, Frames, opening } from './http2.ts'

/** The rest of a connection: what it answers to what it has read. */
export interface Turned {
  read(bytes: Buffer): Buffer | undefined
}

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MASK_BYTES = 4
const FINAL_BINARY = 0x82
const LENGTH_16 = 126

export function switching(key: string): Buffer {
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** A whole binary frame of up to 64 KiB, unmasked, or masked with zeros: a client's must be, and any key will do. */
export function webSocketFrame(bytes: number, masked: boolean): Buffer {
  const flag = masked ? 0x80 : 0
  const size = bytes < LENGTH_16 ? [flag | bytes] : [flag | LENGTH_16, bytes >> 8, bytes & 0xff]
  const mask = Buffer.alloc(masked ? MASK_BYTES : 0)
  return Buffer.concat([Buffer.from([FINAL_BINARY, ...size]), mask, Buffer.alloc(bytes, 'x')])
}

/** One message at a time, as its client sends them: their size is read once and holds for the connection. */
export class Echo implements Turned {
  #head: Buffer = Buffer.alloc(0)
  #size = 0
  #have = 0
  #answer: Buffer = Buffer.alloc(0)

  read(bytes: Buffer): Buffer | undefined {
    if (this.#size === 0 && !this.#begins(bytes)) return undefined
    this.#have += bytes.length
    if (this.#have < this.#size) return undefined
    this.#have -= this.#size
    return this.#answer
  }

  #begins(bytes: Buffer): boolean {
    const head = Buffer.concat([this.#head, bytes])
    if (head.length < 4) {
      this.#head = head
      return false
    }
    this.#have = this.#head.length
    const short = head[1]! & 0x7f
    const length = short < LENGTH_16 ? short : head.readUInt16BE(2)
    this.#size = webSocketFrame(length, true).length
    this.#answer = webSocketFrame(length, false)
    return true
  }
}

/** Places in the static table (RFC 7541 appendix A). */
const STATUS_200 = Buffer.of(0x88)
const CONTENT_LENGTH = 28
const CONTENT_TYPE = 31
const DATE = 33

const date = field(DATE, 'Sun, 22 Nov 2026 12:00:00 GMT')
const plain = Buffer.concat([
  STATUS_200,
  date,
  field(CONTENT_TYPE, 'text/plain'),
  field(CONTENT_LENGTH, '60'),
])
const called = Buffer.concat([STATUS_200, date, field(CONTENT_TYPE, 'application/grpc')])
const SMALL = [frame(HEADERS, END_HEADERS, 0, plain), frame(DATA, END_STREAM, 0, Buffer.alloc(60, 'x'))]
const CALLED = [frame(HEADERS, END_HEADERS, 0, called)]
const TRAILERS = [frame(HEADERS, END_HEADERS | END_STREAM, 0, field('grpc-status', '0'))]

/** The end of the preface that app.ts leaves: its empty line looks like the end of a head (RFC 9113 §3.4). */
const PREFACE_REST = 'SM\r\n\r\n'.length

export class Http2Visit implements Turned {
  readonly #frames = new Frames()
  /** Streams whose answer has begun. */
  readonly #begun = new Set<number>()
  #skip = PREFACE_REST
  #greeting = [opening()]

  read(bytes: Buffer): Buffer | undefined {
    const skip = Math.min(this.#skip, bytes.length)
    this.#skip -= skip
    const answers: Buffer[] = []
    const first = this.#frames.read(bytes.subarray(skip), (one) => this.#answer(one, answers))
    const all = [...this.#greeting, ...first, ...answers]
    this.#greeting = []
    return all.length === 0 ? undefined : Buffer.concat(all)
  }

  #answer({ type, flags, stream, payload }: Frame, answers: Buffer[]): void {
    const ends = (flags & END_STREAM) !== 0
    if (type === HEADERS && ends) answers.push(forStream(SMALL, stream))
    if (type !== DATA) return
    if (payload.length > 0) {
      if (!this.#begun.has(stream)) answers.push(forStream(CALLED, stream))
      this.#begun.add(stream)
      answers.push(frame(DATA, 0, stream, payload))
    }
    if (!ends) return
    this.#begun.delete(stream)
    answers.push(forStream(TRAILERS, stream))
  }
}
