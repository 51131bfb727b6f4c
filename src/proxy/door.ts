/**
 * The listener of the traffic port as the lifecycle orders it: closed when a drain refuses, open again when that was a
 * false alarm. Closing and opening take a while each: they happen one after the other, in the order of the orders.
 */
import { listenProblem } from './admin/listen.ts'
import type { Clock } from './process/clock.ts'
import type { Config } from './config/config.ts'
import type { Relay } from './relay/relay.ts'

/** How soon it is tried again to open it, should another program have taken the port meanwhile. */
const RETRY_MS = 1000

export interface DoorParts {
  readonly listen: Config['listen']
  readonly relay: Pick<Relay, 'listen' | 'closeListener'>
  readonly clock: Clock
  readonly log: { error(message: string): void }
}

export class Door {
  readonly #parts: DoorParts
  #wanted: 'open' | 'closed' | undefined
  #isOpen = false
  #settled = Promise.resolve()

  constructor(parts: DoorParts) {
    this.#parts = parts
  }

  /** New connections are accepted. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves when all that was ordered so far has been done. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** Opens it for the first time; resolves with the port, rejects with a sentence for the user. */
  async first(): Promise<number> {
    const { relay, listen } = this.#parts
    const port = await relay.listen().catch((error: Error) => {
      throw new Error(listenProblem('--listen', listen, error))
    })
    this.#isOpen = true
    // A signal may have come before there was anything to close.
    if (this.#wanted === 'closed') this.close()
    return port
  }

  close(): void {
    this.#wanted = 'closed'
    this.#settled = this.#settled.then(() => this.#close())
  }

  open(): void {
    this.#wanted = 'open'
    this.#settled = this.#settled.then(() => this.#open())
  }

  async #close(): Promise<void> {
    await this.#parts.relay.closeListener()
    this.#isOpen = false
  }

  async #open(): Promise<void> {
    if (this.#isOpen || this.#wanted === 'closed') return
    const { relay, listen, clock, log } = this.#parts
    try {
      await relay.listen()
      this.#isOpen = true
    } catch (error) {
      log.error(listenProblem('--listen', listen, error as Error))
      clock.after(RETRY_MS, () => {
        if (this.#wanted === 'open') this.open()
      })
    }
  }
}
