/**
 * What is in flight in the whole relay: the one owner of that number. A request enters once, may change what it is
 * carried as, and exits once. Only an exit can report that nothing is left, so a change from HTTP/1.1 to a WebSocket, or
 * from one pipelined request to the next, can never be taken for the end of all work. Pure.
 */

import { PROTOCOLS, type Protocol } from '../../words.ts'

export class InFlight {
  readonly #byProtocol: Float64Array
  readonly #quiesced: () => void
  #total = 0

  /** `byProtocol`, by index into PROTOCOLS, is kept up to date; `quiesced` is called by the exit that leaves nothing. */
  constructor(byProtocol: Float64Array, quiesced: () => void) {
    this.#byProtocol = byProtocol
    this.#quiesced = quiesced
  }

  /** Requests, streams, tunnels and connections that count as one, of all clients. */
  get total(): number {
    return this.#total
  }

  enter(protocol: Protocol): void {
    this.#total += 1
    this.#byProtocol[PROTOCOLS.indexOf(protocol)]! += 1
  }

  /** One is carried as something else from now on, or the next request has taken the place of the last. */
  change(from: Protocol, to: Protocol): void {
    this.#byProtocol[PROTOCOLS.indexOf(from)]! -= 1
    this.#byProtocol[PROTOCOLS.indexOf(to)]! += 1
  }

  exit(protocol: Protocol): void {
    this.#total -= 1
    this.#byProtocol[PROTOCOLS.indexOf(protocol)]! -= 1
    if (this.#total === 0) this.#quiesced()
  }
}
