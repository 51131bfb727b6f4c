/** The app of the chaos in other protocols: WebSocket, which echoes, and HTTP/2, which does what the path asks for. */
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Ledger } from './ledger.ts'
import type { Head } from './messages.ts'
import { matches, piece } from './pattern.ts'
import { type Plan, planOf } from './plan.ts'

export function webSocketApp(): { upgrade(head: Head, socket: Socket, rest: Buffer): void } {
  const server = new WebSocketServer({ noServer: true })
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }))
  })
  return {
    upgrade(head, socket, rest) {
      const request = { method: 'GET', url: '/', headers: head.fields, socket } as unknown as IncomingMessage
      server.handleUpgrade(request, socket, rest, (one) => server.emit('connection', one, request))
    },
  }
}

export function h2App(ledger: Ledger): Http2Server {
  const server = createServer({ settings: { maxConcurrentStreams: 100 } })
  server.on('sessionError', () => undefined)
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const plan = planOf(String(headers[':method']), String(headers[':path']), false)
    ledger.count('streams at the app')
    serve(stream, plan, ledger)
  })
  return server
}

function serve(stream: ServerHttp2Stream, plan: Plan, ledger: Ledger): void {
  const { id, conduct } = plan
  let received = 0
  const respond = () => {
    if (stream.destroyed || stream.closed || stream.session?.destroyed !== false || stream.headersSent) return
    stream.respond({ ':status': 200, 'x-id': String(id), 'content-length': String(plan.down) })
    if (plan.method === 'HEAD') {
      stream.end()
      return
    }
    const breaksOff = conduct === 'reset-body'
    for (let at = 0; at < (breaksOff ? plan.down / 2 : plan.down);) {
      const bytes = piece(2 * id + 1, at, Math.min(plan.down - at, 30_000))
      stream.write(bytes)
      at += bytes.length
    }
    if (breaksOff) setTimeout(() => stream.destroy(new Error('as planned')), 5)
    else stream.end()
  }
  ledger.arrived(plan)
  if (conduct === 'early' || conduct === 'early-close') respond()
  if (conduct === 'reset-head') stream.destroy(new Error('as planned'))
  if (conduct === 'no-read') setTimeout(() => stream.destroy(new Error('as planned')), 100)
  if (conduct === 'reset-head' || conduct === 'no-read') return
  stream.on('data', (bytes: Buffer) => {
    if (!matches(2 * id, received, bytes)) ledger.breach(`other bytes on a stream: ${JSON.stringify(plan)}`)
    received += bytes.length
  })
  stream.on('end', respond)
  stream.on('close', () => {
    // nghttp2 compares Content-Length with what has come when a stream is said to be complete.
    if (stream.rstCode === constants.NGHTTP2_PROTOCOL_ERROR)
      ledger.breach(`the app got a malformed stream: ${JSON.stringify(plan)}`)
  })
}
