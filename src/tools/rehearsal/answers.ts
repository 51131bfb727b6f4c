/**
 * What the app of a rehearsal answers, for whoever serves it. An order is in the ledger (one line in the file) before
 * it is acknowledged, as a database commits before it answers. The pod's name goes into the header of each answer.
 */

import { appendFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/** What an order takes between being applied and being acknowledged. */
const COMMIT_MS = 5

/** The answers of the pod `pod`; `ledger` is the path of its ledger, if it keeps one. */
export function answers(pod: string, ledger: string | undefined): RequestListener {
  return (request, response) => {
    // A client that went away in the middle of its body: nobody is there to be told.
    answer(request, response, pod, ledger).catch(() => response.destroy())
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pod: string,
  ledger: string | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://app')
  const id = url.searchParams.get('id') ?? ''
  const number = (name: string) => Number(url.searchParams.get(name) ?? 0)
  const say = (body: string | Buffer) => send(response, pod, body)
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return say(`ok ${id}\n`)
    case 'GET /slow': {
      const timer = setTimeout(() => say(`slow ${id}\n`), number('ms'))
      response.on('close', () => clearTimeout(timer))
      return
    }
    case 'GET /download':
      return say(Buffer.alloc(number('bytes'), id))
    case 'POST /orders':
      await bytesOf(request)
      if (ledger !== undefined) appendFileSync(ledger, `${id} ${pod}\n`)
      setTimeout(() => say(`applied ${id}\n`), COMMIT_MS)
      return
    case 'POST /upload':
      return say(`received ${await bytesOf(request)} ${id}\n`)
    default:
      response.writeHead(404).end()
  }
}

async function bytesOf(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length
  return bytes
}

/** Does not say how long the connection is kept (no Keep-Alive field): clients have to find out. */
function send(response: ServerResponse, pod: string, body: string | Buffer): void {
  response.writeHead(200, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    'x-pod': pod,
    connection: response.req.headers.connection === 'close' ? 'close' : 'keep-alive',
  })
  response.end(body)
}
