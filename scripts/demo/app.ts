/**
 * The bundled demo app as a program: `node app.ts [host:port]`. Worst case on purpose: SIGTERM ends it at once, with
 * whatever is in flight. That nothing is lost when it stops is lastcall's doing alone.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answers } from './answers.ts'

const [place = process.env['LISTEN'] ?? '127.0.0.1:3000'] = process.argv.slice(2)
const colon = place.lastIndexOf(':')
const server = createServer(answers())

// Said aloud because process 1 of a container ignores a signal that it does not handle.
process.on('SIGTERM', () => process.exit(0))

server.listen(Number(place.slice(colon + 1)), place.slice(0, colon), () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`demo app listens on ${address}:${port}`)
})
