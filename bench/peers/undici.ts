/**
 * A proxy that a Node developer would write with undici, as a program: `node undici.ts LISTEN APP`. node:http in front,
 * `stream` of one Pool behind, X-Forwarded-For appended, hop-by-hop fields left out.
 */

import { createServer, type IncomingMessage } from 'node:http'
import { Pool } from 'undici'

const [listen, app] = process.argv.slice(2).map(Number)
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'upgrade',
])

const pool = new Pool(`http://127.0.0.1:${app}`, {
  connections: null,
  pipelining: 1,
  keepAliveTimeout: 600_000,
  headersTimeout: 0,
  bodyTimeout: 0,
})

function forwarded(request: IncomingMessage): string[] {
  const { rawHeaders } = request
  const fields: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (!HOP_BY_HOP.has(name.toLowerCase())) fields.push(name, rawHeaders[at + 1]!)
  }
  fields.push('X-Forwarded-For', request.socket.remoteAddress ?? '')
  return fields
}

const server = createServer((request, response) => {
  const hasBody = 'content-length' in request.headers || 'transfer-encoding' in request.headers
  const options = {
    path: request.url!,
    method: request.method as 'GET',
    headers: forwarded(request),
    body: hasBody ? request : null,
    responseHeaders: 'raw' as const,
  }
  pool
    .stream(options, ({ statusCode, headers }) => {
      response.writeHead(statusCode, withoutHops(headers as unknown as string[]))
      return response
    })
    .catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    })
})
server.keepAliveTimeout = 620_000
server.requestTimeout = 0
server.listen({ host: '127.0.0.1', port: listen!, backlog: 4096 })

function withoutHops(raw: readonly (string | Buffer)[]): string[] {
  const fields: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = String(raw[at])
    if (!HOP_BY_HOP.has(name.toLowerCase())) fields.push(name, String(raw[at + 1]))
  }
  return fields
}
