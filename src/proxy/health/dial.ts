/**
 * One attempt to connect to the app, to learn whether somebody listens there; the connection is destroyed at once.
 * Shell: the only file of this folder that opens a socket to the app itself. What the outcome means is not its
 * business.
 */
import { connect } from 'node:net'
import type { Cancel, Clock } from '../process/clock.ts'
import { printAddress } from '../config/address.ts'
import type { Address } from '../config/config.ts'
import { dialErrorText, nobodyListens } from '../sockets/dial-error.ts'
import { isSelfConnection } from '../sockets/self-connection.ts'

export type Dialled =
  | { readonly kind: 'connected' }
  /** Nobody listens: the kernel said so, or the socket file does not exist. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Anything else, a timeout among it: it says nothing about whether somebody listens. */
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Connects to `app` and calls `done` exactly once, within `timeoutMs` milliseconds. Never throws.
 * Returns a function that ends the attempt without a call of `done`.
 */
export function dial(app: Address, timeoutMs: number, clock: Clock, done: (result: Dialled) => void): Cancel {
  let over = false
  const socket =
    app.kind === 'unix' ? connect({ path: app.path }) : connect({ host: app.host, port: app.port })
  const end = () => {
    over = true
    cancelTimer()
    socket.destroy()
  }
  const finish = (result: Dialled) => {
    if (over) return
    end()
    done(result)
  }
  const cancelTimer = clock.after(timeoutMs, () =>
    finish({ kind: 'failed', why: `no connection to ${printAddress(app)} within ${timeoutMs} ms` }),
  )
  socket.on('connect', () => {
    if (!isSelfConnection(socket)) return finish({ kind: 'connected' })
    // Not closed but reset: its port is the app's, and must not stay taken (TIME-WAIT).
    socket.resetAndDestroy()
    finish({ kind: 'refused', why: `connect ECONNREFUSED ${printAddress(app)}` })
  })
  // Stays for good: an error after the end has nobody else to catch it.
  socket.on('error', (error) =>
    finish({ kind: nobodyListens(error) ? 'refused' : 'failed', why: dialErrorText(error) }),
  )
  return end
}
