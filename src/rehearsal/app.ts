/**
 * The app of a rehearsal, as a program: `node app.js PORT`. Worst case on purpose: SIGTERM ends it at once with the
 * work in hand. An order is in the ledger (one line in the file $LEDGER) before it is acknowledged, as a database
 * commits before it answers. $POD goes into the header of each answer; $HOST is the
 * address to listen on, if not loopback; $IDLE_MS is how long an idle connection is kept.
 */

import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

const port = Number(process.argv[2] ?? process.env['PORT'])
const pod = process.env['POD'] ?? 'app'
const ledger = process.env['LEDGER']
/** What an order takes between being applied and being acknowledged. */
const COMMIT_MS = 5

async function bytesOf(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length
  return bytes
}

/** Does not say how long the connection is kept (no Keep-Alive field): clients have to find out. */
function say(response: ServerResponse, body: string | Buffer): void {
  response.writeHead(200, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    'x-pod': pod,
    connection: response.req.headers.connection === 'close' ? 'close' : 'keep-alive',
  })
  response.end(body)
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://app')
  const id = url.searchParams.get('id') ?? ''
  const number = (name: string) => Number(url.searchParams.get(name) ?? 0)
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return say(response, `ok ${id}\n`)
    case 'GET /slow': {
      const timer = setTimeout(() => say(response, `slow ${id}\n`), number('ms'))
      response.on('close', () => clearTimeout(timer))
      return
    }
    case 'GET /download':
      return say(response, Buffer.alloc(number('bytes'), id))
    case 'POST /orders':
      await bytesOf(request)
      if (ledger !== undefined) appendFileSync(ledger, `${id} ${pod}\n`)
      setTimeout(() => say(response, `applied ${id}\n`), COMMIT_MS)
      return
    case 'POST /upload':
      return say(response, `received ${await bytesOf(request)} ${id}\n`)
    default:
      response.writeHead(404).end()
  }
}

const server = createServer((request, response) => {
  // A client that went away in the middle of its body: nobody is there to be told.
  answer(request, response).catch(() => response.destroy())
})
server.keepAliveTimeout = Number(process.env['IDLE_MS'] ?? 75_000)
server.listen(port, process.env['HOST'] ?? '127.0.0.1')
// The first process of a container ignores a signal that it does not handle: hence this line.
process.on('SIGTERM', () => process.exit(0))
