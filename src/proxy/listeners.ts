/**
 * Opens and closes the listeners of all traffic ports together, as the lifecycle orders: closed when a drain refuses
 * new connections, opened again after a false alarm. Opening and closing take time, so orders are carried out one after
 * the other.
 */
import { listenProblem } from './admin/listen.ts'
import type { Clock } from './process/clock.ts'
import type { Config, ListenAddress } from './config/config.ts'
import type { Relay } from './relay/relay.ts'

/** How soon to try again if another program has taken a port in the meantime. */
const RETRY_MS = 1000

export interface ListenersParts {
  readonly ports: Config['ports']
  readonly relay: Pick<Relay, 'listen' | 'closeListeners'>
  readonly clock: Clock
  readonly log: { error(message: string): void }
}

export class Listeners {
  readonly #parts: ListenersParts
  #wanted: 'open' | 'closed' | undefined
  #isOpen = false
  #settled = Promise.resolve()

  constructor(parts: ListenersParts) {
    this.#parts = parts
  }

  /** New connections are accepted. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves when all orders so far have been carried out. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** Opens the listeners for the first time. Resolves with their addresses; rejects with a sentence for the user. */
  async first(): Promise<readonly ListenAddress[]> {
    const where = await this.#parts.relay.listen().catch((error: Error) => {
      throw new Error(this.#problem(error))
    })
    this.#isOpen = true
    // A signal may have arrived before there was anything to close.
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

  /** If there are several ports, the error names the one that failed. */
  #problem(error: Error & { readonly port?: number }): string {
    const { ports } = this.#parts
    const { listen } = ports.find((one) => one.listen.port === error.port) ?? ports[0]!
    return ports.length === 1
      ? listenProblem('--listen', listen, error)
      : listenProblem('--port', listen, error, '--port host:port=app')
  }
}
