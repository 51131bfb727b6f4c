/**
 * What the bundled demo app answers: paths in the manner of PostgREST, from memory. Knows nothing of lastcall, of
 * draining or of signals, as the apps that lastcall stands in front of.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setInterval } from 'node:timers/promises'

interface Item {
  readonly id: number
  readonly value: unknown
}

/** Only the newest are kept, so that hours of load do not fill the memory. */
const KEPT_ITEMS = 1000
const MAX_BODY_BYTES = 1024 * 1024
const MAX_SECONDS = 600

/** The demo app's request listener, with an empty table of items. */
export function answers(): RequestListener {
  const items: Item[] = []
  let lastId = 0

  async function insert(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const value = await readJson(request)
    if (value === undefined)
      return json(response, 400, { message: 'the body must be JSON, of 1 MiB at most' })
    lastId += 1
    const item = { id: lastId, value }
    items.push(item)
    if (items.length > KEPT_ITEMS) items.shift()
    response.setHeader('location', `/items?id=eq.${item.id}`)
    json(response, 201, item)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://demo')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    switch (`${method} ${url.pathname}`) {
      case 'GET /':
        return json(response, 200, { app: 'demo', pid: process.pid })
      case 'GET /items':
        return json(response, 200, items)
      case 'POST /items':
        return insert(request, response)
      case 'GET /rpc/slow':
        return slow(response, seconds(url, 5))
      case 'GET /events':
        return events(response)
      case 'GET /stream':
        return stream(response, seconds(url, 5))
      default:
        return json(response, 404, { message: `nothing at ${url.pathname}` })
    }
  }

  return (request, response) => {
    // A client that went away mid-body ends here; its connection is gone with it.
    answer(request, response).catch(() => response.destroy())
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_BODY_BYTES) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch {
    return undefined
  }
}

function seconds(url: URL, otherwise: number): number {
  const asked = Number(url.searchParams.get('seconds') ?? otherwise)
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), MAX_SECONDS) : otherwise
}

/** A query that takes its time; given up when the client goes away. */
function slow(response: ServerResponse, takes: number): void {
  const timer = setTimeout(() => json(response, 200, { slept: takes }), takes * 1000)
  response.on('close', () => clearTimeout(timer))
}

/** Server-sent events, one a second, until the client has had enough. */
async function events(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  let id = 0
  for await (const _ of ticks(response)) {
    id += 1
    response.write(`id: ${id}\ndata: ${new Date().toISOString()}\n\n`)
  }
}

/** A chunked body, one line a second. */
async function stream(response: ServerResponse, lines: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' })
  let left = Math.ceil(lines)
  response.write(`${left} lines to come\n`)
  for await (const _ of ticks(response)) {
    left -= 1
    if (left < 0) break
    response.write(`${left} more\n`)
  }
  response.end()
}

async function* ticks(response: ServerResponse): AsyncGenerator<undefined> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  try {
    for await (const _ of setInterval(1000, undefined, { signal: gone.signal })) yield undefined
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}
