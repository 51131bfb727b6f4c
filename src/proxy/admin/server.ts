/**
 * The admin server: carries out what `routes.ts` decides, and answers. Shell. The answer to a hook is held until the
 * lifecycle says so (DESIGN §6); how its connection is kept open is in `http.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Cidr, ListenAddress } from '../config/config.ts'
import { cidrContains } from '../config/ip.ts'
import { judgeCaller } from './auth.ts'
import { fromForeignPage } from './foreign-page.ts'
import { ADMIN_LIMITS, type AdminLimits, close, createAdminHttp, listening } from './http.ts'
import type { Clock } from '../process/clock.ts'
import { type AdminLog, CallLog, callerOf } from './call-log.ts'
import type { AdminRefused } from './refusals.ts'
import { ConnectionList } from './connection-list.ts'
import { type AdminView, type Answer, jsonAnswer, route, type Routed, textAnswer } from './routes.ts'
import { Watch } from './watch.ts'

/** What the admin server can order the program to do. */
export interface AdminCommands {
  /** A preStop hook was called. Its answer is held until this settles, either way, or until the caller is gone. */
  hook(call: { readonly who: 'app' | 'sidecar'; readonly from: string }, gone: AbortSignal): Promise<void>
  /** Returns the phase after it. */
  drain(): string
  /** `ok` is false if it is too late to resume. */
  resume(): { readonly ok: boolean; readonly phase: string }
  /** Whether anybody watches the event stream. */
  watched(on: boolean): void
}

export interface AdminOptions {
  readonly listen: ListenAddress
  readonly token: string | undefined
  readonly hookAllow: readonly Cidr[]
  readonly view: AdminView
  readonly commands: AdminCommands
  readonly log: AdminLog
  readonly clock: Clock
  /** For tests; by default `ADMIN_LIMITS`. */
  readonly limits?: Partial<AdminLimits>
}

export interface Admin {
  readonly port: number
  /** Refused calls since the start, by reason. */
  readonly refused: Readonly<AdminRefused>
  readonly connections: number
  /**
   * Stops listening, gives answers that are being written `withinMs` to leave, then cuts what is left. Hooks must have
   * been settled before.
   */
  close(withinMs?: number): Promise<void>
}

/** Ample time for a kernel to take the answers to hooks; must fit into the last second before SIGKILL. */
const LEAVE_MS = 250

/** What is needed to answer one request. */
interface AnswerContext {
  readonly options: AdminOptions
  readonly connections: ConnectionList<Socket>
  readonly calls: CallLog
  readonly limits: AdminLimits
  readonly watch: Watch
}

/** Resolves when it listens; rejects with a sentence for the user if it cannot. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { listen } = options
  const limits = { ...ADMIN_LIMITS, ...options.limits }
  const connections = new ConnectionList<Socket>(limits)
  const context: AnswerContext = {
    options,
    connections,
    calls: new CallLog(options.log),
    limits,
    watch: new Watch(options, limits),
  }
  const server = createAdminHttp(limits, connections, (request, response) => {
    void serve(context, request, response)
  })
  await listening(server, listen)
  server.on('error', (error) => options.log.warn({ err: error }, 'admin server'))
  return {
    port: (server.address() as AddressInfo).port,
    refused: context.calls.refused,
    get connections() {
      return connections.size
    },
    close(withinMs = LEAVE_MS) {
      context.watch.end()
      return close(server, connections, withinMs)
    },
  }
}

async function serve(
  context: AnswerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { options, limits } = context
  const { log, view } = options
  // If a client breaks off, its drain continues and there is nobody to tell.
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    if (bodyBytes(request) > limits.bodyBytes) {
      send(response, textAnswer(413, 'request bodies are not accepted here', { connection: 'close' }))
      return
    }
    request.resume()
    const { method = '', url: target = '', headers } = request
    const asked = { method, target, accept: headers.accept ?? '' }
    const routed = route(asked, () => judgeRequest(options, request), view)
    const answer =
      routed.kind === 'stream' ? await context.watch.open(response) : await perform(context, request, routed)
    if (answer !== undefined) send(response, answer)
  } catch (error) {
    log.warn(
      { err: error, method: request.method, path: request.url?.split('?')[0] },
      'admin: the answer failed',
    )
    if (!response.headersSent) send(response, textAnswer(500, 'internal error: see the log'))
  }
}

/** Carries out a request; resolves when the answer is due. */
async function perform(
  context: AnswerContext,
  request: IncomingMessage,
  routed: Exclude<Routed, { kind: 'stream' }>,
): Promise<Answer> {
  const { view, commands } = context.options
  switch (routed.kind) {
    case 'answer':
      return routed.answer
    case 'refused':
      context.calls.refuse(routed.reason, request)
      return routed.answer
    case 'metrics': {
      const { contentType, body } = await view.metrics()
      return { status: 200, headers: { 'content-type': contentType }, body }
    }
    case 'page': {
      const { pageAnswer } = await import('./stream.ts')
      return pageAnswer()
    }
    case 'hook':
      return answerHook(context, request, routed.who)
    case 'drain': {
      context.calls.command('POST /drain', request)
      return jsonAnswer(202, { phase: commands.drain() })
    }
    case 'resume': {
      context.calls.command('POST /resume', request)
      const { ok, phase } = commands.resume()
      return jsonAnswer(ok ? 200 : 409, { ok, phase })
    }
    default:
      return routed satisfies never
  }
}

/** `Connection: close`, as the kubelet would otherwise keep the connection open and idle for the rest of the pod's life. */
async function answerHook(
  context: AnswerContext,
  request: IncomingMessage,
  who: 'app' | 'sidecar',
): Promise<Answer> {
  const { connections, calls, options } = context
  const { socket } = request
  const connection = { connection: 'close' }
  const from = callerOf(socket)
  if (!connections.wait(socket, from)) {
    calls.refuse('hooks', request)
    return textAnswer(503, 'too many hooks are waiting', connection)
  }
  const gone = new AbortController()
  const left = () => gone.abort()
  socket.once('close', left)
  const call = calls.hook(who, request)
  try {
    await options.commands.hook({ who, from }, gone.signal)
    return textAnswer(200, 'drained', connection)
  } catch (error) {
    call.failed(error)
    return textAnswer(500, 'the drain failed; see the log', connection)
  } finally {
    socket.off('close', left)
    connections.release(socket)
    call.ended(socket.destroyed)
  }
}

function judgeRequest({ token, hookAllow }: AdminOptions, request: IncomingMessage) {
  const address = request.socket.remoteAddress
  const addressAllowed =
    hookAllow.length === 0 || (address !== undefined && hookAllow.some((cidr) => cidrContains(cidr, address)))
  const foreign = fromForeignPage(request.method ?? '', request.headers, token !== undefined)
  return judgeCaller(addressAllowed, foreign, token, request.headers.authorization)
}

/** The declared length of the body. Without one, the body counts as too long. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity
  return Number(headers['content-length'] ?? 0)
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
