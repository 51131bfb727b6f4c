/**
 * The admin server's connections: node:http with every limit set. Shell. Time, size and number are limited, except that
 * nothing may break a connection on which a hook waits. The kubelet takes a transport error for the end of the hook,
 * sends SIGTERM to the app at once, and never calls again; its only time limit is the grace period (DESIGN §6).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { listenProblem } from './listen.ts'
import type { ConnectionList } from './connection-list.ts'

// Not imported: an import reads every export, and the one called WebSocket makes Node load an HTTP client, which costs
// 30 ms at each start and 6 MiB in each sidecar (bench/README.md).
const { createServer } = process.getBuiltinModule('node:http')

export interface AdminLimits {
  /**
   * From the start of a connection, or the first byte of a request, to the end of the head; also the limit for the
   * body.
   */
  readonly headMs: number
  /** Between two requests of a connection. Longer than the scrape interval of any Prometheus. */
  readonly keepAliveMs: number
  readonly headBytes: number
  /** For bodies, which the admin server never reads. */
  readonly bodyBytes: number
  readonly connections: number
  readonly waitingHooks: number
  /** For one address. */
  readonly waitingHooksOfOne: number
  /** Unanswered requests on one connection. Probes, hooks and scrapes send the next request only after the answer. */
  readonly pipelined: number
  /** Event streams at a time; the page opens one. */
  readonly viewers: number
}

export const ADMIN_LIMITS: AdminLimits = {
  headMs: 10_000,
  keepAliveMs: 90_000,
  headBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  connections: 512,
  waitingHooks: 256,
  waitingHooksOfOne: 32,
  pipelined: 2,
  viewers: 8,
}

/**
 * Returns a server that does not listen yet. `headersTimeout` and `requestTimeout` end with the last byte of the
 * request, so they do not apply to a waiting hook.
 */
export function createAdminHttp(
  limits: AdminLimits,
  connections: ConnectionList<Socket>,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.headMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Checked this often; with Node's 30 s, a limit of 10 s could mean 40 s.
    connectionsCheckingInterval: Math.min(1000, limits.headMs),
    // A waiting hook sends no byte for up to the grace period; this keeps middleboxes from dropping the connection.
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
  })
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('close', () => connections.remove(socket))
    socket.prependListener('data', spoilFlood)
  })
  server.on('request', (request, response) => {
    const { socket } = request
    // Requests of one read that come after its connection was destroyed.
    if (socket.destroyed) return
    connections.touch(socket)
    const asked = connections.asks(socket)
    response.on('close', () => connections.answered(socket))
    if (asked <= limits.pipelined) handle(request, response)
    // One read can hold 2,000 requests; answering all of them at once would take all memory and stop the relay for
    // seconds.
    else if (!connections.waitsOn(socket)) socket.destroy()
    else response.writeHead(503, { connection: 'close', 'content-length': 0 }).end()
  })
  server.on('clientError', (error, socket) => {
    // A hook that waits on this connection gets its answer, whatever arrived after its request.
    if (!connections.waitsOn(socket as Socket)) refuse(error, socket as Socket)
  })
  return server
}

/** Heads in one read; no probe, hook or scrape sends more. */
const HEADS_IN_A_READ = 8

/**
 * One read can hold 2,000 requests, and node:http creates its objects for each before anyone can stop it. So what
 * follows the first few is overwritten with bytes that are not HTTP, at which its parser stops.
 */
function spoilFlood(read: Buffer): void {
  let at = 0
  for (let heads = 0; heads < HEADS_IN_A_READ; heads += 1) {
    const end = read.indexOf('\r\n\r\n', at)
    if (end === -1) return
    at = end + 4
  }
  read.fill(0, at)
}

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

/**
 * Rejects with a sentence for the user. Without a host, Node listens on [::] for both families, or on 0.0.0.0 if there
 * is no IPv6.
 */
export function listening(server: Server, listen: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new Error(listenProblem('--admin', listen, error), { cause: error }))
    server.once('error', fail)
    server.listen({ port: listen.port, ...(listen.host !== undefined && { host: listen.host }) }, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

/**
 * Closes the server. Connections on which nothing is being answered are destroyed at once, including those with an
 * incomplete request; the others when their answers have been sent, at most `withinMs` from now.
 */
export function close(server: Server, connections: ConnectionList<Socket>, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    connections.dismiss()
  })
}
