/**
 * Three kinds of HTTP client, none of which ever retries: undici with one kept-alive connection, node:http with one
 * kept-alive connection, and node:http with a new connection each time. Each is for one request at a time. A client
 * that has seen the FIN on its idle connection dials anew: that is no failure and no retry. Knows no mix, no verdict.
 */

import { Agent, type ClientRequest, type IncomingMessage, request as nodeRequest } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buildConnector, Client } from 'undici'
import { pause } from './pause.ts'

export type ClientKind = 'undici' | 'agent' | 'fresh'

export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Sent one after the other, `gapMs` apart. */
  readonly body?: {
    readonly chunks: readonly Buffer[]
    readonly gapMs: number
    readonly framing: 'length' | 'chunked'
    /** Its media type; none by default. */
    readonly type?: string
  }
}

export type Outcome = Answered | Failed

export interface Answered extends Connection {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface Failed extends Connection {
  readonly kind: 'failed'
  readonly why: string
}

interface Connection {
  readonly clientPort: number | undefined
  /** Whether an earlier request has used the connection. */
  readonly reused: boolean
}

export interface HttpClient {
  /** Sends once; never rejects, never retries. Ends by itself after `TIMEOUT_MS` without an answer. */
  send(outgoing: Outgoing): Promise<Outcome>
  close(): Promise<void>
}

/** Far above the slowest request of the mix; a hung one must not hang the rehearsal. */
const TIMEOUT_MS = 25_000
/** Connections are left to the server's patience, not to the client's. */
const CLIENT_IDLE_MS = 600_000

/** A client of the given kind for `origin`, `http://host:port`. */
export function openClient(kind: ClientKind, origin: string): HttpClient {
  switch (kind) {
    case 'undici':
      return undiciClient(origin)
    case 'agent':
      return nodeClient(origin, new Agent({ keepAlive: true, maxSockets: 1 }))
    case 'fresh':
      return nodeClient(origin, undefined)
    default:
      return kind satisfies never
  }
}

function undiciClient(origin: string): HttpClient {
  const dial = buildConnector({ timeout: TIMEOUT_MS })
  let clientPort: number | undefined
  let reused = false
  const client = new Client(origin, {
    connect: (options, callback) =>
      dial(options, (...[error, socket]) => {
        if (error !== null) {
          // The connection of before is no longer the one that this request was to go by.
          clientPort = undefined
          reused = false
          return callback(error, null)
        }
        clientPort = socket.localPort
        reused = false
        return callback(null, socket)
      }),
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: CLIENT_IDLE_MS,
    keepAliveMaxTimeout: CLIENT_IDLE_MS,
  })
  return {
    async send({ method, path, body }) {
      reused = true
      try {
        const answer = await client.request({ method, path, ...undiciBody(body) })
        const bytes = Buffer.from(await answer.body.arrayBuffer())
        const { statusCode: status, headers } = answer
        return { kind: 'answered', status, headers, body: bytes, clientPort, reused }
      } catch (error) {
        return { kind: 'failed', why: reason(error), clientPort, reused }
      }
    },
    close: () => client.destroy(),
  }
}

function undiciBody(body: Outgoing['body']): { body?: Readable; headers?: Record<string, string> } {
  if (body === undefined) return {}
  const stream = Readable.from(chunksOf(body), { objectMode: false })
  return { body: stream, headers: fieldsOf(body) }
}

function fieldsOf(body: Outgoing['body']): Record<string, string> {
  return {
    ...(body?.framing === 'length' ? { 'content-length': lengthOf(body) } : {}),
    ...(body?.type === undefined ? {} : { 'content-type': body.type }),
  }
}

function nodeClient(origin: string, agent: Agent | undefined): HttpClient {
  return {
    send(outgoing) {
      if (agent !== undefined) forgetEnded(agent)
      return nodeSend(origin, agent, outgoing)
    },
    async close() {
      agent?.destroy()
    },
  }
}

function nodeSend(origin: string, agent: Agent | undefined, outgoing: Outgoing): Promise<Outcome> {
  const { method, path, body } = outgoing
  return new Promise((resolve) => {
    const headers = fieldsOf(body)
    const request = nodeRequest(`${origin}${path}`, {
      method,
      agent: agent ?? false,
      headers,
      timeout: TIMEOUT_MS,
    })
    let clientPort: number | undefined
    const connection = (): Connection => ({ clientPort, reused: request.reusedSocket })
    const fail = (why: string) => resolve({ kind: 'failed', why, ...connection() })
    request.on('socket', (socket) => {
      const remember = () => (clientPort = socket.localPort)
      if (socket.connecting) socket.once('connect', remember)
      else remember()
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    request.on('error', (error) => fail(reason(error)))
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: fields } = response
      resolve(
        collect(response).then(
          (bytes): Outcome => ({ kind: 'answered', status, headers: fields, body: bytes, ...connection() }),
          (error: unknown): Outcome => ({ kind: 'failed', why: afterHead(error), ...connection() }),
        ),
      )
    })
    void write(request, body)
  })
}

async function write(request: ClientRequest, body: Outgoing['body']): Promise<void> {
  if (body !== undefined) {
    for await (const chunk of chunksOf(body)) {
      if (request.destroyed) return
      request.write(chunk)
    }
  }
  request.end()
}

async function collect(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  if (!response.complete) throw new Error('cut')
  return Buffer.concat(chunks)
}

async function* chunksOf(body: NonNullable<Outgoing['body']>): AsyncGenerator<Buffer> {
  const never = new AbortController().signal
  for (const [index, chunk] of body.chunks.entries()) {
    if (index > 0 && body.gapMs > 0) await pause(body.gapMs, never)
    yield chunk
  }
}

function lengthOf(body: NonNullable<Outgoing['body']>): string {
  return String(body.chunks.reduce((sum, chunk) => sum + chunk.length, 0))
}

/**
 * Between a FIN and the end of its own side, node's Agent still hands a connection out, and the write fails with EPIPE
 * before a byte has left: that client, not the server, would have lost the request.
 */
function forgetEnded(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets as Socket[]) if (socket.readableEnded || !socket.writable) socket.destroy()
  }
}

function afterHead(error: unknown): string {
  return `after the head: ${reason(error)}`
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined ? message : `${code} ${message}`
}
