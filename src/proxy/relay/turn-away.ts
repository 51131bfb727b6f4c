/** Clients for whom there is no place: a limited number of them get an answer, the rest are closed without one. */

import { fullAnswer } from '../../protocol/http1/answer.ts'
import type { Cancel, Clock } from '../process/clock.ts'
import type { PlaceLimit } from './places.ts'
import { Port, type PortKit } from '../sockets/port.ts'
import type { PortOwner } from '../sockets/port-owner.ts'

/** How long a client that got the answer may take to close its connection. */
const TURNED_AWAY_MS = 1000

export interface TurnAwayParts {
  readonly kit: PortKit
  readonly clock: Clock
}

export class TurnAway {
  readonly #parts: TurnAwayParts
  #count = 0
  /** The answer, and the limit that it names. */
  #answer: Buffer | undefined
  #setBy: string | undefined

  constructor(parts: TurnAwayParts) {
    this.#parts = parts
  }

  /**
   * `take` hands the client's connection over to a port; `limit` has no place left. `speaks`: the port speaks HTTP, so
   * the client gets an answer; otherwise its connection is closed without one.
   */
  turn(take: (port: Port) => void, limit: PlaceLimit, speaks: boolean): void {
    const { kit, clock } = this.#parts
    let cancel: Cancel | undefined
    const away: PortOwner = {
      portRead: () => undefined,
      portDrained: () => undefined,
      portOpen: () => undefined,
      portEnded: () => port.destroy(),
      portClosed: () => {
        this.#count -= 1
        cancel?.()
      },
    }
    const port = new Port('client', kit, away)
    this.#count += 1
    take(port)
    if (!speaks || this.#count > limit.leaving) return port.destroy()
    cancel = clock.after(TURNED_AWAY_MS, () => port.destroy())
    const answer = this.#answerFor(limit.setBy)
    port.write(answer, 0, answer.length)
    port.fin()
  }

  #answerFor(setBy: string): Buffer {
    if (this.#answer === undefined || this.#setBy !== setBy) this.#answer = fullAnswer(setBy)
    this.#setBy = setBy
    return this.#answer
  }
}
