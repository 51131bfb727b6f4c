/**
 * The sockets on which clients are accepted: one, or one for each address of --listen. They open together or not at
 * all, and close together. Does not know what becomes of a connection.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { canTakeHandles, takeHandles, type Handle } from './native.ts'

const BACKLOG = 4096

export interface GatesParts {
  readonly at: ListenAddress
  /** Accepts connections as handles, if Node gives them out (native.ts). */
  readonly native: boolean
  readonly admitSocket: (socket: Socket) => void
  readonly admitHandle: (handle: Handle) => void
  /** A connection could not be accepted because no file descriptor was left. The listener stays open. */
  readonly acceptFailed: () => void
}

export class Gates {
  readonly #parts: GatesParts
  readonly #servers: readonly { readonly host: string | undefined; readonly server: Server }[]
  /** The port that was bound first: a listener that opens again must use the same port. */
  #port: number

  constructor(parts: GatesParts) {
    this.#parts = parts
    this.#port = parts.at.port
    this.#servers = [parts.at.host, ...(parts.at.also ?? [])].map((host) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, parts.admitSocket)
      server.on('error', () => {
        if (server.listening) parts.acceptFailed()
      })
      return { host, server }
    })
  }

  /** Resolves with the port. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL), and then none is open. */
  async open(): Promise<number> {
    try {
      for (const { host, server } of this.#servers) {
        const at = { port: this.#port, backlog: BACKLOG, ...(host === undefined ? {} : { host }) }
        // oxlint-disable-next-line no-await-in-loop -- each has the port that the first one got
        await listening(server, at)
        const bound = server.address()
        if (typeof bound === 'object' && bound !== null) this.#port = bound.port
        const { native, admitHandle, acceptFailed } = this.#parts
        if (native && canTakeHandles(server)) takeHandles(server, admitHandle, acceptFailed)
      }
    } catch (error) {
      this.close()
      throw error
    }
    return this.#port
  }

  close(): void {
    for (const { server } of this.#servers) if (server.listening) server.close()
  }
}

function listening(server: Server, at: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
