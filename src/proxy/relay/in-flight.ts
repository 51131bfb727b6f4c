/**
 * What is in flight; the only place that changes this number. A request enters once, may change its protocol, and exits
 * once. Only an exit can report that nothing is left, so a change from HTTP/1.1 to a WebSocket, or from one pipelined
 * request to the next, is never mistaken for the end of all work. Each port counts its own requests; `AllInFlight` is the sum
 * over all ports. Pure.
 */

import { PROTOCOLS, type Protocol } from '../../words.ts'

/** What is in flight on all ports. */
export class AllInFlight {
  total = 0
  readonly quiesced: () => void

  /** `quiesced` is called by the exit that leaves nothing in flight on any port. */
  constructor(quiesced: () => void) {
    this.quiesced = quiesced
  }
}

/** What is in flight on one port. */
export class InFlight {
  readonly #byProtocol: Float64Array
  readonly #whole: AllInFlight

  /** Keeps `byProtocol`, indexed by PROTOCOLS, up to date. */
  constructor(byProtocol: Float64Array, whole: AllInFlight) {
    this.#byProtocol = byProtocol
    this.#whole = whole
  }

  enter(protocol: Protocol): void {
    this.#whole.total += 1
    this.#byProtocol[PROTOCOLS.indexOf(protocol)]! += 1
  }

  /** A request is now carried by another protocol, or the next request has replaced the last. */
  change(from: Protocol, to: Protocol): void {
    this.#byProtocol[PROTOCOLS.indexOf(from)]! -= 1
    this.#byProtocol[PROTOCOLS.indexOf(to)]! += 1
  }

  exit(protocol: Protocol): void {
    this.#whole.total -= 1
    this.#byProtocol[PROTOCOLS.indexOf(protocol)]! -= 1
    if (this.#whole.total === 0) this.#whole.quiesced()
  }
}
