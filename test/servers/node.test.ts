/** A node:http app behind lastcall answers as it does alone: chunked answers, 100-continue, field names as they came. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import tap from 'tap'
import { FILE_HTTP_DATE, FILE_TEXT, forwardedFor, sameAnswers } from '../fixtures/exchanges.ts'
import { startSidecar } from '../fixtures/sidecar.ts'

await tap.test('node:http', async (t) => {
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo

  const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}` })
  await sidecar.ready()
  await sameAnswers(t, { host: '127.0.0.1', port }, sidecar.listen)
  await forwardedFor(t, sidecar.listen)
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers } = request
  switch (request.url!.replace(/\?.*/, '')) {
    case '/file.txt':
      return sendFile(request, response)
    case '/forwarded':
      return void response.end(headers['x-forwarded-for'])
    case '/echo': {
      // No Content-Length, so that the answer comes in chunks; all fields as they came, but for the one that differs.
      const fields = Array.from({ length: request.rawHeaders.length / 2 }, (_, i) =>
        request.rawHeaders.slice(2 * i, 2 * i + 2).join(': '),
      ).filter((field) => !field.startsWith('X-Forwarded-For: '))
      // In one: from Node 26 on, it depends on the moment whether two make one chunk.
      response.write(`${method} ${request.url} HTTP/${request.httpVersion}\n${fields.join('\n')}\n`)
      return void response.end(await text(request))
    }
    default:
      response.statusCode = 404
      response.end(`nothing at ${request.url}\n`)
  }
}

function sendFile({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Last-Modified', FILE_HTTP_DATE)
  if (headers['if-modified-since'] === FILE_HTTP_DATE) {
    response.statusCode = 304
    return void response.end()
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (range === null) return void response.end(FILE_TEXT)
  const first = Number(range[1])
  const last = range[2] === '' ? FILE_TEXT.length - 1 : Number(range[2])
  response.statusCode = first < FILE_TEXT.length ? 206 : 416
  response.setHeader('Content-Range', `bytes ${first}-${last}/${FILE_TEXT.length}`)
  response.end(FILE_TEXT.slice(first, last + 1))
}
