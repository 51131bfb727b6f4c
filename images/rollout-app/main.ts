/**
 * The app of the end-to-end test, as a program: on one port the rehearsal's HTTP answers, a WebSocket echo and gRPC,
 * told apart by the first bytes. Worst case on purpose: SIGTERM ends it at once with the work in hand.
 *
 * $POD is its name and goes into every answer; $HOST and $PORT are where it listens (127.0.0.1:3000). With $GRPC_PORT gRPC
 * has that port, and the other one is left to HTTP and WebSocket. On port 3001, for
 * all: GET /live, its liveness, GET /sick, after which it is not alive any more, and GET /eat, which takes memory until
 * the limit of the container ends it.
 */
import { createServer } from 'node:http'
import { answers } from '../../src/tools/rehearsal/answers.ts'
import { serve } from './serve.ts'

const pod = process.env['POD'] ?? 'app'
const HEALTH_PORT = 3001

const host = process.env['HOST'] ?? '127.0.0.1'
const grpcPort = process.env['GRPC_PORT']
const http = answers(pod, undefined)
serve(pod, http, grpcPort === undefined ? ['http', 'grpc'] : ['http']).listen(
  Number(process.env['PORT'] ?? 3000),
  host,
)
if (grpcPort !== undefined) serve(pod, http, ['grpc']).listen(Number(grpcPort), host)

const EAT_EVERY_MS = 10
const MOUTHFUL_BYTES = 16 * 1024 * 1024
const eaten: Buffer[] = []
/** Written to, as memory that is only reserved counts for nothing. */
function eat(): void {
  eaten.push(Buffer.alloc(MOUTHFUL_BYTES, 1))
}

let alive = true
createServer((request, response) => {
  if (request.url?.endsWith('/eat') === true) setInterval(eat, EAT_EVERY_MS)
  const order = request.url?.endsWith('/sick') === true
  if (order) alive = false
  response.writeHead(alive || order ? 200 : 500).end(JSON.stringify({ alive }))
}).listen(HEALTH_PORT)

// The first process of a container ignores a signal that it does not handle: hence this line.
process.on('SIGTERM', () => process.exit(0))
