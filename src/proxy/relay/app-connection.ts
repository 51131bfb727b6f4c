/**
 * The app's side of a pair: at most one connection in use (dialling or open), and given-up connections that still have
 * bytes to deliver. Giving a connection up ends it with a FIN after its last byte; cutting it ends it with a reset
 * (DESIGN §2, "aborts travel").
 */

import type { RelayContext } from './context.ts'
import { Port } from '../sockets/port.ts'
import type { PortOwner } from '../sockets/port-owner.ts'

export class AppConnection {
  readonly #context: RelayContext
  readonly #owner: PortOwner
  /** Called when a given-up connection has delivered everything that was written to it. */
  readonly #departed: () => void
  #port: Port | undefined
  #dialing = false
  #departing: Set<Port> | undefined

  constructor(context: RelayContext, owner: PortOwner, departed: () => void) {
    this.#context = context
    this.#owner = owner
    this.#departed = departed
  }

  get open(): boolean {
    return this.#port !== undefined && !this.#dialing
  }

  get backlog(): boolean {
    return this.#port !== undefined && this.#port.backlog
  }

  get stalled(): boolean {
    return this.#port !== undefined && this.#port.stalled
  }

  get departing(): boolean {
    return this.#departing !== undefined
  }

  connect(): void {
    const port = new Port('app', this.#context.kit, this.#owner)
    this.#port = port
    this.#dialing = true
    port.dial(this.#context.app)
  }

  opened(): void {
    this.#dialing = false
    this.#context.counters.apps += 1
    this.#context.counters.appsTotal += 1
  }

  /** The connection in use was closed. Returns whether it had been open. */
  closed(): boolean {
    const wasOpen = this.open
    if (wasOpen) this.#context.counters.apps -= 1
    this.#port = undefined
    this.#dialing = false
    return wasOpen
  }

  write(bytes: Buffer, start: number, end: number): void {
    this.#port?.write(bytes, start, end)
  }

  pause(on: boolean): void {
    this.#port?.pause(on)
  }

  fin(): void {
    this.#port?.fin()
  }

  abandonDial(): void {
    const port = this.#port
    this.#port = undefined
    this.#dialing = false
    port?.abandon()
  }

  /** Gives the connection up: it is closed after everything written to it has been delivered. */
  drop(): void {
    const port = this.#release()
    if (port === undefined || port.depart(() => this.#gone(port))) return
    this.#departing ??= new Set()
    this.#departing.add(port)
  }

  /** Cuts the connection: the app must not take the request for complete. */
  reset(): void {
    this.#release()?.cut()
  }

  /** Also cuts given-up connections that still have bytes to deliver. */
  resetAll(): void {
    this.reset()
    for (const port of this.#departing ?? []) port.cut()
    this.#departing = undefined
  }

  /**
   * Returns the open connection, which is no longer the one in use. A connection that is still being dialled is
   * abandoned.
   */
  #release(): Port | undefined {
    if (!this.open) {
      this.abandonDial()
      return undefined
    }
    const port = this.#port
    this.#port = undefined
    this.#context.counters.apps -= 1
    return port
  }

  #gone(port: Port): void {
    if (this.#departing?.delete(port) !== true) return
    if (this.#departing.size === 0) this.#departing = undefined
    this.#departed()
  }
}
