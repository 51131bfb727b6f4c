/**
 * A program that behaves as PostgREST does where a drain, a reload or a restart of the database can see it, for the tests
 * of this folder where PostgREST itself is not there: the same variables, routes and answers, and a file for its table.
 * STAND_IN_STOP says what SIGTERM does: `drops` what is in flight at once, as PostgREST 14 does, or `finishes` it behind
 * closed listeners, as 17 does. SIGUSR1 reloads the schema: /ready of the admin port is 503, and the API serves on.
 * SIGUSR2 takes the database away: what is in flight fails, the API answers 503, and so does /ready. Both last for as long
 * as two checks, whenever these come: one fewer than make an app unhealthy. A request with a token is refused before its
 * body is read, as every token is a wrong one here; what Warp, PostgREST's server, does with that body is done as well.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const { PGRST_SERVER_HOST, PGRST_SERVER_PORT, PGRST_ADMIN_SERVER_PORT, STAND_IN_ROWS, STAND_IN_STOP } =
  process.env
const rows = STAND_IN_ROWS!
/** An insert takes so long, so that some are in flight at any moment. */
const INSERT_MS = 5
/** One fewer than the consecutive failures that make an app unhealthy (`--health-failures`). */
const CHECKS_THAT_FAIL = 2
/** Said when a check has seen that it is ready again. */
const READY_AGAIN = 'ready again'
/** Of a body that nobody has read, Warp reads so much; if there is more, it closes the connection. */
const MOST_FLUSHED_BYTES = 8192
/** PostgREST's answers when the database is away: to what was in flight, to what comes, and to a wrong token. */
const LOST = error('PGRST001', 'Database client error. Retrying the connection.')
const AWAY = error('PGRST000', 'Database connection error. Retrying the connection.')
const NO_TOKEN = error('PGRST301', 'Expected 3 parts in JWT; got 1')

let inFlight = 0
let stopping = false
let unready = false
let checksToFail = 0
/** Aborted while the database is away. */
let database = new AbortController()

const api = createServer((request, response) => {
  inFlight += 1
  response.on('close', () => {
    inFlight -= 1
    leave()
  })
  void answer(request, response)
})
const admin = createServer((_, response) => {
  response.writeHead(checksToFail > 0 ? 503 : 200).end()
  if (checksToFail > 0) {
    checksToFail -= 1
    if (checksToFail === 0 && database.signal.aborted) database = new AbortController()
  } else if (unready) {
    unready = false
    console.log(READY_AGAIN)
  }
})

function becomeUnready(): void {
  unready = true
  checksToFail = CHECKS_THAT_FAIL
}
process.on('SIGUSR1', becomeUnready)
process.on('SIGUSR2', () => {
  becomeUnready()
  database.abort()
})
process.on('SIGTERM', () => {
  if (STAND_IN_STOP === 'drops') process.exit(0)
  api.close()
  admin.close()
  stopping = true
  leave()
})
api.listen(Number(PGRST_SERVER_PORT), PGRST_SERVER_HOST)
admin.listen(Number(PGRST_ADMIN_SERVER_PORT), PGRST_SERVER_HOST)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.authorization !== undefined) return refuse(request, response)
  const { method, url = '' } = request
  const body =
    method === 'POST' ? (JSON.parse(await text(request)) as { name: string; seconds: number }) : undefined
  const { signal } = database
  if (signal.aborted) return json(response, 503, AWAY, { 'retry-after': '1' })
  if (body === undefined) return json(response, 200, readFileSync(rows, 'utf8').split('\n').slice(0, 5))
  try {
    await sleep(url === '/rpc/slow' ? body.seconds * 1000 : INSERT_MS, undefined, { signal })
  } catch {
    return json(response, 503, LOST)
  }
  if (url === '/rpc/slow') return json(response, 200, body.seconds)
  appendFileSync(rows, `${body.name}\n`)
  response.writeHead(201).end()
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.pause()
  json(response, 401, NO_TOKEN, { 'www-authenticate': 'Bearer' })
  if (Number(request.headers['content-length']) <= MOST_FLUSHED_BYTES) request.resume()
  else response.on('finish', () => request.socket.destroy())
}

function error(code: string, message: string) {
  return { code, details: null, hint: null, message }
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  fields: Record<string, string> = {},
): void {
  const body = JSON.stringify(value)
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      ...fields,
    })
    .end(body)
}

function leave(): void {
  if (stopping && inFlight === 0) process.exit(0)
}
