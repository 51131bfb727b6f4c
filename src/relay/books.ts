/**
 * The books of one client connection: what is in flight on it, as what, since when; and what the house is to count when
 * that ends. HTTP/1.1 and what follows from it carry one thing at a time, HTTP/2 many streams beside each other. What
 * has ended stays in flight until the kernel has taken all that was written, as its last bytes may be among that.
 */

import { methodLabel, methodName } from '../http1/request-head.ts'
import type { Stream } from '../http2/streams.ts'
import { METHODS, PROTOCOLS, type Protocol, STATUS_CLASSES } from './counters.ts'
import type { House } from './house.ts'
import type { Port } from './port.ts'

const OTHER = METHODS.length - 1
const NO_STATUS = STATUS_CLASSES.length - 1
const HTTP2 = PROTOCOLS.indexOf('http2')

export interface RequestInFlight {
  readonly protocol: Protocol
  readonly ageMs: number
  readonly client: string
  readonly method?: string
  readonly target?: string
}

export class Books {
  /** Requests and streams so far. */
  requests = 0
  /** When the head of a request that is being read began. */
  headBeganAt = 0
  /** Since when nothing has been in flight. */
  restingSince: number
  readonly #house: House
  readonly #client: Port
  #protocol: Protocol = 'http1'
  #method = OTHER
  #methodName = ''
  #target = ''
  /** One thing is in flight, or its last bytes are on their way to the kernel. */
  #inFlight = false
  #finishing = false
  #beganAt = 0
  /** Streams that have not ended, and how many have whose bytes are on their way. */
  #streams: Set<Stream> | undefined
  #streamsFinishing = 0

  constructor(house: House, client: Port) {
    this.#house = house
    this.#client = client
    this.restingSince = house.terms.now
  }

  /** How much is in flight. */
  get inFlight(): number {
    return (
      (this.#inFlight ? 1 : 0) +
      (this.#streams === undefined ? 0 : this.#streams.size + this.#streamsFinishing)
    )
  }

  /** As what it is, if it is one thing. */
  get carriedAs(): Protocol | undefined {
    return this.#inFlight ? this.#protocol : undefined
  }

  /** What /status shows. */
  *shown(now: number): Iterable<RequestInFlight> {
    const client = this.#client.remoteAddress
    for (const { beganAt, method } of this.#streams ?? [])
      yield { protocol: 'http2', ageMs: now - beganAt, client, ...(method !== undefined && { method }) }
    if (!this.#inFlight) return
    yield {
      protocol: this.#protocol,
      ageMs: now - this.#beganAt,
      client,
      ...(this.#methodName !== '' && { method: this.#methodName }),
      ...(this.#target !== '' && { target: this.#target }),
    }
  }

  began(protocol: Protocol): void {
    this.#beganAt = this.headBeganAt = this.#house.terms.now
    this.#method = OTHER
    this.#methodName = ''
    this.#target = ''
    if (this.#finishing) this.#rest()
    this.#protocol = protocol
    this.#inFlight = true
    this.#house.inFlight(protocol, 1)
  }

  became(protocol: Protocol): void {
    this.#house.inFlight(this.#protocol, -1)
    this.#protocol = protocol
    this.#house.inFlight(protocol, 1)
  }

  /** It was no request, and is not counted. */
  withdrew(): void {
    this.#rest()
  }

  requested(method: number, bytes: Buffer, start: number, end: number): void {
    this.#method = methodLabel(method)
    this.#methodName = methodName(method)
    if (this.#house.keepsTargets) this.#target = bytes.toString('latin1', start, end)
    this.requests += 1
  }

  finished(status: number): void {
    const { counters, terms } = this.#house
    const durationMs = terms.now - this.#beganAt
    counters.finished(PROTOCOLS.indexOf(this.#protocol), this.#method, statusClass(status), durationMs)
    this.#house.logRequest(this.#methodName, this.#target, status, durationMs, this.#client)
    this.#finishing = true
  }

  streamBegan(stream: Stream): void {
    this.#streams ??= new Set()
    this.#streams.add(stream)
    this.requests += 1
    this.#house.inFlight('http2', 1)
  }

  streamEnded(stream: Stream): void {
    if (this.#streams?.delete(stream) !== true) return
    const { beganAt, method, status } = stream
    const { counters, terms } = this.#house
    this.#streamsFinishing += 1
    const label = method === undefined ? OTHER : METHODS.indexOf(method)
    counters.finished(HTTP2, label, statusClass(status), terms.now - beganAt)
    this.#house.logRequest(method ?? '', '', status, terms.now - beganAt, this.#client)
  }

  /** The kernel has taken all bytes: what has ended is in flight no more. Returns whether there was any. */
  taken(): boolean {
    if (this.#finishing) this.#rest()
    else if (this.#streamsFinishing === 0) return false
    for (; this.#streamsFinishing > 0; this.#streamsFinishing--) this.#house.inFlight('http2', -1)
    this.restingSince = this.#house.terms.now
    return true
  }

  /** The client is gone: nothing is in flight. */
  close(): void {
    if (this.#inFlight) this.#rest()
    this.taken()
  }

  #rest(): void {
    this.#finishing = false
    this.#inFlight = false
    this.restingSince = this.#house.terms.now
    this.#house.inFlight(this.#protocol, -1)
  }
}

function statusClass(status: number): number {
  return status >= 100 && status < 600 ? Math.floor(status / 100) - 1 : NO_STATUS
}
