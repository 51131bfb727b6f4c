/**
 * The requests of one client connection: what is in flight, in which protocol, since when, and what is counted when it
 * ends. HTTP/1.1 and its successors carry one request at a time, HTTP/2 many streams. A request that has ended stays in
 * flight until the kernel has taken everything that was written to either side, and is counted only then: if it is cut
 * before, it has not finished. What is served in full while the pod stops counts as saved.
 */

import { methodLabel, methodName } from '../../protocol/http1/methods.ts'
import type { Stream } from '../../protocol/http2/streams.ts'
import { METHODS, PROTOCOLS, type Protocol, type RequestInFlight, STATUS_CLASSES } from '../../words.ts'
import type { Arrived } from './arrivals.ts'
import type { RelayContext } from './context.ts'
import type { Account } from '../conversation/link.ts'
import type { Port } from '../sockets/port.ts'

const OTHER = METHODS.length - 1
const NO_STATUS = STATUS_CLASSES.length - 1
const HTTP2 = PROTOCOLS.indexOf('http2')

export class Requests implements Account {
  /** Requests and streams so far. */
  asked = 0
  /** When the head that is being read began. */
  headBeganAt = 0
  /** The client's connection is closed: what it has not received by now was not served. */
  clientGone = false
  /** Since when nothing has been in flight. */
  restingSince: number
  readonly #context: RelayContext
  readonly #client: Port
  readonly #arrived: Arrived
  #protocol: Protocol = 'http1'
  #method = OTHER
  #methodName = ''
  #target = ''
  #status = 0
  /**
   * `probing`: under way, and a health check. `served`: ended with its whole response, whose last bytes may still be on
   * their way. `ended`: likewise, but not served. `withdrawn`: not a request, so not counted.
   */
  #state: 'none' | 'under-way' | 'probing' | 'served' | 'ended' | 'withdrawn' = 'none'
  /** It is a health check. */
  #isProbe = false
  #beganAt = 0
  /** Streams that have not ended, and streams that have ended but whose bytes are still on their way. */
  #streams: Set<Stream> | undefined
  #endedStreams: Stream[] | undefined

  constructor(context: RelayContext, client: Port, arrived: Arrived) {
    this.#context = context
    this.#arrived = arrived
    this.#client = client
    this.restingSince = context.terms.now
  }

  /** The number of requests in flight. */
  get inFlight(): number {
    return (
      (this.#state === 'none' ? 0 : 1) +
      (this.#streams === undefined ? 0 : this.#streams.size + this.#endingStreams)
    )
  }

  get #endingStreams(): number {
    return this.#endedStreams === undefined ? 0 : this.#endedStreams.length
  }

  /** The protocol of what is in flight, if that is a single request. */
  get carriedAs(): Protocol | undefined {
    return this.#state === 'none' ? undefined : this.#protocol
  }

  *shown(now: number): Iterable<RequestInFlight> {
    const client = this.#client.remoteAddress
    for (const { beganAt, method } of this.#streams ?? [])
      yield { protocol: 'http2', ageMs: now - beganAt, client, ...(method !== undefined && { method }) }
    if (this.#state === 'none') return
    yield {
      protocol: this.#protocol,
      ageMs: now - this.#beganAt,
      client,
      ...(this.#methodName !== '' && { method: this.#methodName }),
      ...(this.#target !== '' && { target: this.#target }),
    }
  }

  /** A request begins. It replaces the one before, whose last bytes may still be on their way. */
  began(protocol: Protocol): void {
    const before = this.#state
    if (before === 'served' || before === 'ended') this.#count(before === 'served')
    this.#beganAt = this.headBeganAt = this.#context.terms.now
    this.#method = OTHER
    this.#methodName = ''
    this.#target = ''
    this.#isProbe = false
    this.#state = 'under-way'
    if (before === 'none') this.#context.inFlight.enter(protocol)
    else this.#context.inFlight.change(this.#protocol, protocol)
    this.#protocol = protocol
  }

  became(protocol: Protocol): void {
    this.#context.inFlight.change(this.#protocol, protocol)
    this.#protocol = protocol
  }

  /** It was not a request, and is not counted. */
  withdrew(): void {
    this.#state = 'withdrawn'
  }

  headBegan(): void {
    this.headBeganAt = this.#context.terms.now
  }

  requested(method: number, probe: boolean, bytes: Buffer, start: number, end: number): void {
    const { arrivals } = this.#context
    if (!probe) arrivals.request(this.#arrived, this.asked === 0)
    else {
      this.#state = 'probing'
      this.#isProbe = true
      if (this.asked === 0) arrivals.forget(this.#arrived)
    }
    this.#method = methodLabel(method)
    this.#methodName = methodName(method)
    const kept = this.#context.targetBytes
    if (kept > 0) this.#target = bytes.toString('latin1', start, Math.min(end, start + kept))
    this.asked += 1
  }

  finished(status: number, served: boolean): void {
    this.#status = status
    this.#state = served && this.#state !== 'probing' ? 'served' : 'ended'
  }

  streamBegan(stream: Stream): void {
    // Only the first stream shows that a user arrived: later ones need no listener.
    if (this.asked === 0) this.#context.arrivals.request(this.#arrived, true)
    this.#streams ??= new Set()
    this.#streams.add(stream)
    this.asked += 1
    this.#context.inFlight.enter('http2')
  }

  streamEnded(stream: Stream): void {
    if (this.#streams?.delete(stream) !== true) return
    this.#endedStreams ??= []
    this.#endedStreams.push(stream)
  }

  /** The app has ended or broken the connection: what has just ended without being served has failed. */
  failedByApp(): void {
    const { counters } = this.#context
    if (this.#state === 'ended' && !this.#isProbe) counters.failed += 1
    for (const { appDone } of this.#endedStreams ?? []) if (!appDone) counters.failed += 1
  }

  /** The kernel has taken all bytes, so what has ended is no longer in flight. Returns whether there was anything. */
  taken(): boolean {
    const hasEnded = this.#state === 'served' || this.#state === 'ended' || this.#state === 'withdrawn'
    if (!hasEnded && this.#endingStreams === 0) return false
    this.restingSince = this.#context.terms.now
    if (this.#endingStreams > 0) this.#exitStreams()
    if (hasEnded) this.#exit()
    return true
  }

  /**
   * The client is gone, so nothing is in flight. After an error of lastcall's own there may be streams that were never
   * ended.
   */
  close(): void {
    for (const stream of this.#streams ?? []) this.streamEnded(stream)
    this.taken()
    if (this.#state !== 'none') this.#exit()
  }

  /** The last step of each request: nothing in the same event may begin another one after this. */
  #exit(): void {
    const state = this.#state
    this.#state = 'none'
    try {
      if (state === 'served' || state === 'ended') this.#count(state === 'served')
    } finally {
      // Not kept on idle connections, which may stay for ten minutes.
      this.#target = ''
      this.#context.inFlight.exit(this.#protocol)
    }
  }

  #exitStreams(): void {
    const ended = this.#endedStreams!
    this.#endedStreams = undefined
    const { counters, terms, inFlight } = this.#context
    try {
      for (const { beganAt, method, status, appDone } of ended) {
        const durationMs = terms.now - beganAt
        const label = method === undefined ? OTHER : METHODS.indexOf(method)
        counters.finished(HTTP2, label, statusClass(status), durationMs)
        if (appDone && terms.stopAt !== Infinity) this.#save(beganAt, status)
        this.#context.logRequest(method ?? '', '', status, durationMs, this.#client)
      }
    } finally {
      for (let left = ended.length; left > 0; left -= 1) inFlight.exit('http2')
    }
  }

  #count(served: boolean): void {
    const { counters, terms } = this.#context
    const durationMs = terms.now - this.#beganAt
    counters.finished(PROTOCOLS.indexOf(this.#protocol), this.#method, statusClass(this.#status), durationMs)
    if (served && terms.stopAt !== Infinity) this.#save(this.#beganAt, this.#status)
    this.#context.logRequest(this.#methodName, this.#target, this.#status, durationMs, this.#client)
  }

  /** Only during a stop. A 5xx answer saves nothing; a TCP connection whose client never sent a byte is a probe. */
  #save(beganAt: number, status: number): void {
    if (this.clientGone || status >= 500) return
    if (this.#protocol === 'tcp' && this.#client.silent) return
    const { counters, terms } = this.#context
    if (beganAt <= terms.stopAt) counters.savedInFlight += 1
    else counters.savedArrived += 1
  }
}

function statusClass(status: number): number {
  return status >= 100 && status < 600 ? Math.floor(status / 100) - 1 : NO_STATUS
}
