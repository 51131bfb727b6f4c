/**
 * The judge: llhttp, through the parser that Node's own http module uses. What Node does not document about it is in
 * this file alone. It is asked what it makes of bytes, piece by piece.
 */
import { HTTPParser, methods } from 'node:_http_common'

/** What the judge thinks of one message. */
export interface Verdict {
  method: string
  target: string
  version: string
  status: number
  upgrade: boolean
  /** The body, its framing taken off. */
  body: string
  complete: boolean
}

/** As strict as llhttp is by default. */
export const STRICT = 0
/** As lenient as a client may be that still knows where a line ends: CRLF or LF, no bare CR. */
export const LENIENT =
  HTTPParser.kLenientHeaders |
  HTTPParser.kLenientChunkedLength |
  HTTPParser.kLenientTransferEncoding |
  HTTPParser.kLenientVersion |
  HTTPParser.kLenientOptionalCRBeforeLF |
  HTTPParser.kLenientSpacesAfterChunkSize

const MAX_HEAD = 1 << 20

/** What llhttp's numbers for methods mean: asked of itself, as Node's list of methods has no gaps and llhttp's has. */
const NAMES = new Map<number | undefined, string>(methods.map((name) => [numberOf(name), name]))

function numberOf(method: string): number | undefined {
  const parser = new HTTPParser()
  let number: number | undefined
  parser.initialize(HTTPParser.REQUEST, {}, MAX_HEAD, STRICT)
  parser[HTTPParser.kOnHeadersComplete] = (_major, _minor, _fields, found) => {
    number = found
    return 0
  }
  parser.execute(Buffer.from(`${method} ${method === 'CONNECT' ? 'a:1' : '/'} HTTP/1.1\r\n\r\n`))
  return number
}

export class Judge {
  /** The messages whose head is complete, in order. */
  messages: Verdict[] = []
  /** Why it understands no more. */
  error: string | undefined
  #toHead = false
  /** What was told of a target before its head was complete. */
  #target = ''
  readonly #parser = new HTTPParser()

  constructor() {
    this.#parser[HTTPParser.kOnHeadersComplete] = (
      major,
      minor,
      _fields,
      method,
      target,
      status,
      _text,
      upgrade,
    ) => {
      this.messages.push({
        method: NAMES.get(method) ?? '',
        target: target ?? this.#target,
        version: `${major}.${minor}`,
        status: status ?? 0,
        upgrade: upgrade ?? false,
        body: '',
        complete: false,
      })
      this.#target = ''
      return this.#toHead ? 1 : 0
    }
    // Called when there are many fields, and for trailers.
    this.#parser[HTTPParser.kOnHeaders] = (_fields, target) => {
      this.#target += target
    }
    this.#parser[HTTPParser.kOnBody] = (bytes) => {
      this.messages.at(-1)!.body += bytes.toString('latin1')
    }
    this.#parser[HTTPParser.kOnMessageComplete] = () => {
      this.messages.at(-1)!.complete = true
      this.#target = ''
    }
  }

  /** Forgets everything, and judges requests. */
  requests(): void {
    this.#begin(HTTPParser.REQUEST, STRICT)
  }

  /** Forgets everything, and judges responses, to HEAD or not. */
  responses(toHead: boolean, flags: number): void {
    this.#begin(HTTPParser.RESPONSE, flags)
    this.#toHead = toHead
  }

  #begin(type: number, flags: number): void {
    this.#parser.initialize(type, {}, MAX_HEAD, flags)
    this.messages = []
    this.error = undefined
    this.#toHead = false
    this.#target = ''
  }

  /** Goes on with more bytes. An Upgrade makes llhttp stop; here it goes on, as if it had been declined. */
  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.error === undefined;) {
      const taken = this.#parser.execute(bytes.subarray(at))
      if (typeof taken === 'number') at += taken
      else this.error = `${taken.code}: ${taken.reason}`
      // Behind an Upgrade on a connection that is to close it just stops.
      if (taken === 0) this.error = 'HPE_CLOSED_CONNECTION: takes nothing'
    }
  }

  /** How many messages are complete. */
  get complete(): number {
    return this.messages.filter((message) => message.complete).length
  }

  /** Ends the connection. */
  close(): void {
    this.#parser.finish()
  }
}
