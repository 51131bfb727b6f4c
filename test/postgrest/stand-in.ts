/**
 * A program that behaves as PostgREST does where a drain or a reload can see it, for the tests of this folder where
 * PostgREST itself is not there: the same variables, routes and answers, and a file for its table. STAND_IN_STOP says
 * what SIGTERM does: `drops` what is in flight at once, as PostgREST 14 does, or `finishes` it behind closed listeners,
 * as 17 does. SIGUSR1 reloads the schema: /ready of the admin port is 503 for as long as two checks, and the API serves on.
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
const CHECKS_OF_A_RELOAD = 2
/** Said when a check has seen the end of a reload: the next one may begin. */
const RELOADED = 'Schema cache loaded'

let inFlight = 0
let stopping = false
let reloading = false
let checksToFail = 0

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
  if (checksToFail > 0) checksToFail -= 1
  else if (reloading) {
    reloading = false
    console.log(RELOADED)
  }
})

process.on('SIGUSR1', () => {
  reloading = true
  checksToFail = CHECKS_OF_A_RELOAD
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
  const { method, url = '' } = request
  const body =
    method === 'POST' ? (JSON.parse(await text(request)) as { name: string; seconds: number }) : undefined
  if (body === undefined) return json(response, 200, readFileSync(rows, 'utf8').split('\n').slice(0, 5))
  if (url === '/rpc/slow') {
    await sleep(body.seconds * 1000)
    return json(response, 200, body.seconds)
  }
  await sleep(INSERT_MS)
  appendFileSync(rows, `${body.name}\n`)
  response.writeHead(201).end()
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

function leave(): void {
  if (stopping && inFlight === 0) process.exit(0)
}
