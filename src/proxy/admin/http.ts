/**
 * The admin server's connections: node:http with every limit chosen. Shell. Slow, large and many are bounded, except
 * that nothing may break a connection that a hook waits on: the kubelet takes a transport error for the end of the
 * hook, sends SIGTERM to the app at once and never asks again; its only time limit is the grace period (DESIGN §6).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { listenProblem } from './listen.ts'
import type { ConnectionList } from './connection-list.ts'

// Not imported: an import reads every export, and the one called WebSocket has Node load an HTTP client of its own, which
// costs each start 30 ms and each sidecar 6 MiB for as long as it runs (bench/README.md).
const { createServer } = process.getBuiltinModule('node:http')

export interface AdminLimits {
  /** From a connection's start, or its request's first byte, to the end of the head; and of the body. */
  readonly headMs: number
  /** Between two requests of a connection: above the scrape interval of any Prometheus. */
  readonly keepAliveMs: number
  readonly headBytes: number
  /** Of a body, which nothing here reads. */
  readonly bodyBytes: number
  readonly connections: number
  readonly waitingHooks: number
  /** Of one address. */
  readonly waitingHooksOfOne: number
  /** Requests of one connection that have no answer yet: no probe, hook or scrape sends the next one before that. */
  readonly pipelined: number
  /** Event streams at once; the page opens one. */
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
 * A server that does not listen yet. `headersTimeout` and `requestTimeout` end with the request's last byte, so a
 * waiting hook knows neither.
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
    // How late those may be noticed; Node's 30 s would make 10 s mean up to 40 s.
    connectionsCheckingInterval: Math.min(1000, limits.headMs),
    // A hook waits without a byte for as long as the grace period: keep what lies between from forgetting it.
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
    // What one read still holds after its connection was destroyed.
    if (socket.destroyed) return
    connections.touch(socket)
    const asked = connections.asks(socket)
    response.on('close', () => connections.answered(socket))
    if (asked <= limits.pipelined) handle(request, response)
    // One read holds 2,000 requests: answered all at once, they would take all memory and stop the relay for seconds.
    else if (!connections.waitsOn(socket)) socket.destroy()
    else response.writeHead(503, { connection: 'close', 'content-length': 0 }).end()
  })
  server.on('clientError', (error, socket) => {
    // A hook that waits on this connection gets its answer, whatever came after its request.
    if (!connections.waitsOn(socket as Socket)) refuse(error, socket as Socket)
  })
  return server
}

/** Heads in one read; who sends that many is no probe, hook or scrape. */
const HEADS_IN_A_READ = 8

/**
 * One read holds 2,000 requests, and node:http makes its objects for each before anybody is asked: what follows the
 * first few is overwritten with what is no HTTP, at which its parser stops.
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

/** Rejects with a sentence for the user. Without a host Node listens on [::] for both families, or on 0.0.0.0 where there is no IPv6. */
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
 * Ends it: connections on which nothing is being answered at once, half a request among them; the others when their
 * answers have left, at most `withinMs` milliseconds from now.
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
