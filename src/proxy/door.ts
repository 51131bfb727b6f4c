/**
 * The listeners of the traffic ports as the lifecycle orders them, all together: closed when a drain refuses, open again
 * when that was a false alarm. Closing and opening take a while each: they happen one after the other, in the order of the orders.
 */
import { listenProblem } from './admin/listen.ts'
import type { Clock } from './process/clock.ts'
import type { Config, ListenAddress } from './config/config.ts'
import type { Relay } from './relay/relay.ts'

/** How soon it is tried again to open them, should another program have taken a port meanwhile. */
const RETRY_MS = 1000

export interface DoorParts {
  readonly ports: Config['ports']
  readonly relay: Pick<Relay, 'listen' | 'closeListeners'>
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

  /** Opens them for the first time; resolves with where they are, rejects with a sentence for the user. */
  async first(): Promise<readonly ListenAddress[]> {
    const where = await this.#parts.relay.listen().catch((error: Error) => {
      throw new Error(this.#problem(error))
    })
    this.#isOpen = true
    // A signal may have come before there was anything to close.
    if (this.#wanted === 'closed') this.close()
    return where
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
    // A drain that is taken back at this moment refuses nobody: the listeners stay open.
    if (await this.#parts.relay.closeListeners(() => this.#wanted === 'closed')) this.#isOpen = false
  }

  async #open(): Promise<void> {
    if (this.#isOpen || this.#wanted === 'closed') return
    const { relay, clock, log } = this.#parts
    try {
      await relay.listen()
      this.#isOpen = true
    } catch (error) {
      log.error(this.#problem(error as Error))
      clock.after(RETRY_MS, () => {
        if (this.#wanted === 'open') this.open()
      })
    }
  }

  /** Of several ports the error says which. */
  #problem(error: Error & { readonly port?: number }): string {
    const { ports } = this.#parts
    const { listen } = ports.find((one) => one.listen.port === error.port) ?? ports[0]!
    return ports.length === 1
      ? listenProblem('--listen', listen, error)
      : listenProblem('--port', listen, error, '--port host:port=app')
  }
}
