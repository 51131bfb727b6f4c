/** Clients for whom there is no room: as many as may be at a time are told so, and the rest are closed without a word. */

import type { Cancel, Clock } from '../clock.ts'
import { Port, type PortKit, type PortOwner } from './port.ts'

/** How long such a client may take to leave. */
const TURNED_AWAY_MS = 1000

export interface TurnAwayParts {
  readonly kit: PortKit
  readonly clock: Clock
  /** What they are told; without it nobody is told anything. */
  readonly answer: Buffer | undefined
  /** How many are being told at a time. */
  readonly atMost: number
}

export class TurnAway {
  readonly #parts: TurnAwayParts
  #count = 0

  constructor(parts: TurnAwayParts) {
    this.#parts = parts
  }

  /** `take` gives the client's connection to a port. */
  turn(take: (port: Port) => void): void {
    const { kit, clock, answer, atMost } = this.#parts
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
    if (answer === undefined || this.#count > atMost) return port.destroy()
    cancel = clock.after(TURNED_AWAY_MS, () => port.destroy())
    port.write(answer, 0, answer.length)
    port.fin()
  }
}
