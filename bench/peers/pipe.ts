/**
 * The floor of this runtime, as a program: `node pipe.ts LISTEN APP` joins each connection to one to the app by Node's own
 * pipes. It knows no HTTP, and so adds no field.
 */

import { connect, createServer } from 'node:net'

const [listen, app] = process.argv.slice(2).map(Number)

createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: app!, allowHalfOpen: true, noDelay: true })
  client.pipe(upstream).pipe(client)
  client.on('error', () => upstream.destroy())
  upstream.on('error', () => client.destroy())
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
}).listen({ host: '127.0.0.1', port: listen!, backlog: 4096 })
