/** Ends a connection with a reset, as a process does that is killed. */
import type { Socket } from 'node:net'

/** While Node sends a FIN, libuv cannot reset, and the socket would stay open for ever: then it is only closed. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
