/**
 * HTTP/2 with prior knowledge, made by hand: ready-made requests, of the answers only frame heads, the status and the
 * number of bytes are looked at. All that one read asks for goes out in one write, as a busy client's would.
 */

import { PREFACE } from '../../src/protocol/http1/preface.ts'
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  RST_STREAM,
} from '../../src/protocol/http2/frame.ts'
import { field, forStream, type Frame, Frames, opening } from '../http2.ts'
import type { Measured, Shape, Task } from './messages.ts'
import { talk, type Talker } from './talk.ts'

const PAYLOAD = 60
/** gRPC: not compressed, and the length of the message. */
const MESSAGE = Buffer.concat([Buffer.of(0, 0, 0, 0, PAYLOAD), Buffer.alloc(PAYLOAD, 'x')])

/** Places in the static table (RFC 7541 appendix A). */
const AUTHORITY = 1
const PATH = 4
const METHOD_GET = Buffer.of(0x82)
const METHOD_POST = Buffer.of(0x83)
const SCHEME_HTTP = Buffer.of(0x86)
const STATUS_200 = 0x88
const ACCEPT = 19
const CONTENT_TYPE = 31
const USER_AGENT = 58

const common = [SCHEME_HTTP, field(AUTHORITY, 'app.example:8080'), field(USER_AGENT, 'lastcall-bench/1')]
const get = Buffer.concat([METHOD_GET, field(PATH, '/s'), ...common, field(ACCEPT, '*/*')])
const post = Buffer.concat([
  METHOD_POST,
  field(PATH, '/bench.Echo/Say'),
  ...common,
  field(CONTENT_TYPE, 'application/grpc'),
  field('te', 'trailers'),
])
const NEXT = [frame(DATA, 0, 0, MESSAGE)]
const FIRST: Readonly<Record<Shape, readonly Buffer[]>> = {
  get: [frame(HEADERS, END_HEADERS | END_STREAM, 0, get)],
  call: [frame(HEADERS, END_HEADERS, 0, post), frame(DATA, END_STREAM, 0, MESSAGE)],
  messages: [frame(HEADERS, END_HEADERS, 0, post), ...NEXT],
}

export function http2(task: Extract<Task, { kind: 'http2' }>): Promise<Measured> {
  return talk(task, (answered) => new Client(task.shape, task.streams, answered))
}

class Client implements Talker {
  readonly #shape: Shape
  readonly #streams: number
  readonly #answered: () => void
  readonly #frames = new Frames()
  /** Bytes of the answer so far, by stream. */
  readonly #received = new Map<number, number>()
  #stream = -1
  #why: string | undefined
  #out: Buffer[] = []

  constructor(shape: Shape, streams: number, answered: () => void) {
    this.#shape = shape
    this.#streams = streams
    this.#answered = answered
  }

  opened(): Buffer {
    return Buffer.concat([PREFACE, opening(), ...Array.from({ length: this.#streams }, () => this.#next())])
  }

  read(bytes: Buffer): Buffer | string | undefined {
    this.#out = []
    const first = this.#frames.read(bytes, (one) => this.#take(one))
    if (this.#why !== undefined) return this.#why
    const all = [...first, ...this.#out]
    return all.length === 0 ? undefined : Buffer.concat(all)
  }

  #next(): Buffer {
    this.#stream += 2
    this.#received.set(this.#stream, 0)
    return forStream(FIRST[this.#shape], this.#stream)
  }

  #take({ type, flags, stream, payload }: Frame): void {
    const ends = (flags & END_STREAM) !== 0
    if (type === GOAWAY) this.#why = `GOAWAY: ${payload.readUInt32BE(4)}`
    if (type === RST_STREAM) this.#why = `RST_STREAM: ${payload.readUInt32BE(0)}`
    if (type === HEADERS && !ends && statusOf(payload) !== STATUS_200) this.#why = 'not answered with 200'
    if (type === DATA) this.#data(stream, payload.length)
    if (ends) this.#ended(stream)
  }

  #data(stream: number, count: number): void {
    const have = (this.#received.get(stream) ?? 0) + count
    if (this.#shape !== 'messages' || have < MESSAGE.length) {
      this.#received.set(stream, have)
      return
    }
    this.#received.set(stream, have - MESSAGE.length)
    this.#answered()
    this.#out.push(forStream(NEXT, stream))
  }

  #ended(stream: number): void {
    const wanted = this.#shape === 'get' ? PAYLOAD : MESSAGE.length
    const have = this.#received.get(stream) ?? 0
    if (this.#shape === 'messages') this.#why = 'a stream ended'
    else if (have !== wanted) this.#why = `${have} bytes instead of ${wanted}`
    this.#received.delete(stream)
    this.#answered()
    this.#out.push(this.#next())
  }
}

/** The first field, behind changes of the table's size (RFC 7541 §6.3): no server has it elsewhere. */
function statusOf(block: Buffer): number | undefined {
  return block.find((byte) => byte >> 5 !== 1)
}
