/**
 * A server of three protocols on one port: HTTP as the caller answers it, a WebSocket echo and gRPC, told apart by the
 * first bytes. Every answer of the latter two names the pod. Knows no addresses and no signals.
 */
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js'
import { WebSocketServer } from 'ws'
import { COUNT, ECHO } from './methods.ts'

/** Longer than any client of the test is silent: who closes an idle connection first is lastcall or the client. */
const IDLE_MS = 75_000
/** How an HTTP/2 connection with prior knowledge begins (RFC 9113 §3.4). No HTTP/1.1 method does. */
const HTTP2 = 'PRI'

/**
 * The server of the pod `pod`, yet to listen; `listener` answers what is plain HTTP. A client that speaks what is not
 * among `spoken` is cut off.
 */
export function serve(
  pod: string,
  listener: RequestListener,
  spoken: readonly ('http' | 'grpc')[] = ['http', 'grpc'],
): TcpServer {
  const http = createServer(listener)
  http.keepAliveTimeout = IDLE_MS

  const sockets = new WebSocketServer({ server: http })
  sockets.on('headers', (headers) => headers.push(`x-pod: ${pod}`))
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })

  const named = new Metadata()
  named.set('x-pod', pod)
  const echo: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
    call.sendMetadata(named)
    answer(null, call.request)
  }
  const count: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    call.sendMetadata(named)
    const [most = 0, gapMs = 0] = call.request.toString().split(' ').map(Number)
    const run = async () => {
      for (let number = 1; number <= most && !call.cancelled; number += 1) {
        if (number > 1) await pause(gapMs)
        call.write(Buffer.from(String(number)))
      }
      call.end()
    }
    void run()
  }
  const grpc = new Server()
  grpc.addService({ echo: ECHO, count: COUNT }, { echo, count })
  const streams = grpc.createConnectionInjector(ServerCredentials.createInsecure())

  return createTcpServer((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (first: Buffer) => {
      socket.pause()
      socket.unshift(first)
      const protocol = first.toString('latin1').startsWith(HTTP2) ? 'grpc' : 'http'
      if (!spoken.includes(protocol)) return socket.destroy()
      if (protocol === 'grpc') return streams.injectConnection(socket)
      http.emit('connection', socket)
      return socket.resume()
    })
  })
}
