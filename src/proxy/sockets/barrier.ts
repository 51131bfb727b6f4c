/**
 * Catches errors of lastcall's own in what a socket event leads to: such an error ends its pair, not the process with
 * everyone's requests.
 */

import type { PortOwner, Side } from './port-owner.ts'

export class Barrier implements PortOwner {
  readonly #owner: PortOwner
  readonly #fail: (error: unknown) => void

  constructor(owner: PortOwner, fail: (error: unknown) => void) {
    this.#owner = owner
    this.#fail = fail
  }

  portRead(side: Side, bytes: Buffer, count: number): void {
    try {
      this.#owner.portRead(side, bytes, count)
    } catch (error) {
      this.#fail(error)
    }
  }

  portDrained(side: Side): void {
    try {
      this.#owner.portDrained(side)
    } catch (error) {
      this.#fail(error)
    }
  }

  portOpen(side: Side): void {
    try {
      this.#owner.portOpen(side)
    } catch (error) {
      this.#fail(error)
    }
  }

  portEnded(side: Side): void {
    try {
      this.#owner.portEnded(side)
    } catch (error) {
      this.#fail(error)
    }
  }

  portClosed(side: Side, errno: string | undefined): void {
    try {
      this.#owner.portClosed(side, errno)
    } catch (error) {
      this.#fail(error)
    }
  }
}
