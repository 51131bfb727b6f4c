/**
 * A connection to a free port of the ephemeral range may get that very port as its source. Linux then connects the
 * socket to itself (simultaneous open, RFC 9293 §3.5) although nobody listens, and it reads what it writes: a client
 * would get its own request as the answer, and the app could not bind its port. Pure.
 */

/** The four coordinates of a TCP connection, as `node:net` names them. */
export interface Endpoints {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** Whether both ends are the same; treat it like ECONNREFUSED. False for a unix socket, which has no ports. */
export function isSelfConnection(socket: Endpoints): boolean {
  return (
    socket.localPort !== undefined &&
    socket.localPort === socket.remotePort &&
    socket.localAddress === socket.remoteAddress
  )
}
