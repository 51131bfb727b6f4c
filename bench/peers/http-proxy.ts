/**
 * http-proxy as its documentation sets it up, as a program: `node http-proxy.ts LISTEN APP [DELAY_MS]`. A keep-alive agent
 * to the app, xfwd on. SIGTERM stops it the way of terminus: after a delay for the endpoints to propagate, the server
 * closes, idle connections are closed, what is in flight finishes.
 */

import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [listen, app, delayMs = 0] = process.argv.slice(2).map(Number)

const proxy = httpProxy.createProxyServer({
  target: { host: '127.0.0.1', port: app! },
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true,
})
proxy.on('error', (_error, _request, response) => {
  if ('writeHead' in response && !response.headersSent) response.writeHead(502).end()
  else response.destroy()
})

let stopping = false
const server = createServer((request, response) => {
  if (stopping) response.shouldKeepAlive = false
  if (request.url === '/healthz') response.writeHead(stopping ? 503 : 200).end()
  else proxy.web(request, response)
})
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
server.keepAliveTimeout = 620_000
server.listen({ host: '127.0.0.1', port: listen!, backlog: 4096 })

process.once('SIGTERM', () => {
  stopping = true
  setTimeout(() => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  }, delayMs)
})
