/**
 * One attempt to connect to the app, to find out whether anything listens there; the connection is closed at once.
 * Shell: the only file of this folder that opens a socket to the app itself. It does not judge the result.
 */
import { connect } from 'node:net'
import type { Cancel, Clock } from '../process/clock.ts'
import { printAddress } from '../config/address.ts'
import type { Address } from '../config/config.ts'
import { dialErrorText, nobodyListens } from '../sockets/dial-error.ts'
import { isSelfConnection } from '../sockets/self-connection.ts'

export type Dialled =
  | { readonly kind: 'connected' }
  /** Nothing listens: the kernel refused, or the socket file does not exist. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Any other error, such as a timeout; it does not tell whether anything listens. */
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Connects to `app` and calls `done` exactly once, within `timeoutMs`. Never throws. Returns a function that ends the
 * attempt without calling `done`.
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
    // A reset instead of a close: the port is the app's and must not stay in TIME-WAIT.
    socket.resetAndDestroy()
    finish({ kind: 'refused', why: `connect ECONNREFUSED ${printAddress(app)}` })
  })
  // Never removed, because an error may still come after the end.
  socket.on('error', (error) =>
    finish({ kind: nobodyListens(error) ? 'refused' : 'failed', why: dialErrorText(error) }),
  )
  return end
}
