/** The clients of the rollout: none may hide a loss by sending twice, and none may invent one. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type ClientKind, type HttpClient, openClient } from '../../src/tools/rehearsal/client.ts'
import { pollSockets } from '../../src/tools/rehearsal/pause.ts'
import { until } from '../fixtures/until.ts'

const KINDS: readonly ClientKind[] = ['undici', 'agent', 'fresh']

async function setUp(test: Test, kind: ClientKind, listener: RequestListener) {
  const seen: string[] = []
  const sockets: Socket[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client: HttpClient = openClient(kind, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  test.teardown(async () => {
    await client.close()
    server.closeAllConnections()
    server.close()
  })
  return { client, seen, sockets }
}

for (const kind of KINDS) {
  void t.test(
    `${kind}: sends once, and reports a reset on a new connection and on a used one`,
    async (test) => {
      const { client, seen } = await setUp(test, kind, (request, response) => {
        if (request.url === '/fine') response.end('fine')
        else request.socket.resetAndDestroy()
      })
      test.match(await client.send({ method: 'GET', path: '/reset1' }), { kind: 'failed', reused: false })
      const fine = await client.send({ method: 'GET', path: '/fine' })
      test.match(fine, { kind: 'answered', status: 200, reused: false })
      test.ok(fine.clientPort! > 0)
      const again = await client.send({ method: 'GET', path: '/reset2' })
      test.match(again, { kind: 'failed', why: /ECONNRESET|other side closed/, reused: kind !== 'fresh' })
      test.equal(again.clientPort === fine.clientPort, kind !== 'fresh')
      test.same(seen, ['GET /reset1', 'GET /fine', 'GET /reset2'])
    },
  )

  void t.test(`${kind}: dials anew when the server closed the idle connection`, async (test) => {
    const { client, sockets } = await setUp(test, kind, (_, response) => response.end('fine'))
    test.match(await client.send({ method: 'GET', path: '/' }), { kind: 'answered' })
    sockets[0]!.end()
    await until('the server has the connection closed', () => sockets[0]!.destroyed)
    await pollSockets(3)
    const next = await client.send({ method: 'GET', path: '/' })
    test.match(next, { kind: 'answered', reused: false })
  })

  void t.test(`${kind}: a cut body is a failure`, async (test) => {
    const { client } = await setUp(test, kind, (request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => request.socket.end())
    })
    test.match(await client.send({ method: 'GET', path: '/' }), { kind: 'failed' })
  })

  void t.test(`${kind}: sends a body piece by piece, with a length or chunked`, async (test) => {
    const bodies: string[] = []
    const { client } = await setUp(test, kind, (request, response) => {
      const { 'content-length': length, 'transfer-encoding': coding } = request.headers
      request.setEncoding('utf8')
      let text = ''
      request.on('data', (chunk: string) => (text += chunk))
      request.on('end', () => {
        bodies.push(`${length ?? coding} ${text}`)
        response.end()
      })
    })
    const chunks = [Buffer.from('abc'), Buffer.from('def')]
    for (const framing of ['length', 'chunked'] as const) {
      const body = { chunks, gapMs: 5, framing }
      test.match(await client.send({ method: 'POST', path: '/', body }), { kind: 'answered', status: 200 })
    }
    test.same(bodies, ['6 abcdef', 'chunked abcdef'])
  })
}
