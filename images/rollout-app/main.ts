/**
 * The app of the end-to-end test, as a program: on one port the rehearsal's HTTP answers, a WebSocket echo and gRPC,
 * told apart by the first bytes. Worst case on purpose: SIGTERM ends it at once with the work in hand.
 *
 * $POD is its name and goes into every answer; $HOST and $PORT are where it listens (127.0.0.1:3000). On port 3001, for
 * all: GET /live, its liveness, and GET /sick, after which it is not alive any more.
 */
import { createServer } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js'
import { WebSocketServer } from 'ws'
import { answers } from '../../src/rehearsal/answers.ts'
import { COUNT, ECHO } from './methods.ts'

const pod = process.env['POD'] ?? 'app'
const HEALTH_PORT = 3001
/** Longer than any client of the test is silent: who closes an idle connection first is lastcall or the client. */
const IDLE_MS = 75_000
/** How an HTTP/2 connection with prior knowledge begins (RFC 9113 §3.4). No HTTP/1.1 method does. */
const HTTP2 = 'PRI'

const http = createServer(answers(pod, undefined))
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

const server = createTcpServer((socket: Socket) => {
  socket.on('error', () => undefined)
  socket.once('data', (first: Buffer) => {
    socket.pause()
    socket.unshift(first)
    if (first.toString('latin1').startsWith(HTTP2)) return streams.injectConnection(socket)
    http.emit('connection', socket)
    return socket.resume()
  })
})
server.listen(Number(process.env['PORT'] ?? 3000), process.env['HOST'] ?? '127.0.0.1')

let alive = true
createServer((request, response) => {
  const order = request.url?.endsWith('/sick') === true
  if (order) alive = false
  response.writeHead(alive || order ? 200 : 500).end(JSON.stringify({ alive }))
}).listen(HEALTH_PORT)

// The first process of a container ignores a signal that it does not handle: hence this line.
process.on('SIGTERM', () => process.exit(0))
