/**
 * The admin server: carries out what `routes.ts` decides, and answers. Shell. A hook's answer is held for as long as
 * the lifecycle wants (DESIGN §6); what it waits for is not known here, nor how its connection is kept (`http.ts`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Cidr, ListenAddress } from '../config/config.ts'
import { cidrContains } from '../config/ip.ts'
import { judgeCaller } from './auth.ts'
import { ADMIN_LIMITS, type AdminLimits, close, createAdminHttp, listening } from './http.ts'
import { Roster } from './roster.ts'
import { type AdminView, type Answer, jsonAnswer, route, type Routed, textAnswer } from './routes.ts'

/** What the admin server can make the rest of the program do. */
export interface AdminCommands {
  /** A preStop hook was called; its answer is held until this settles, however that is. */
  hook(who: 'app' | 'sidecar'): Promise<void>
  /** Returns the phase that follows. */
  drain(): string
  /** `ok` is false where there is nothing to take back any more. */
  resume(): { readonly ok: boolean; readonly phase: string }
}

export interface AdminLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface AdminOptions {
  readonly listen: ListenAddress
  readonly token: string | undefined
  readonly hookAllow: readonly Cidr[]
  readonly view: AdminView
  readonly commands: AdminCommands
  readonly log: AdminLog
  /** For tests; else `ADMIN_LIMITS`. */
  readonly limits?: Partial<AdminLimits>
}

export interface Admin {
  readonly port: number
  /**
   * For the very end: stops listening, gives answers that are being written `withinMs` (1000) to leave, then cuts
   * what is left. Hooks must have been settled before.
   */
  close(withinMs?: number): Promise<void>
}

/** Resolves once it listens; rejects with a sentence for the user if it cannot. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { listen } = options
  const limits = { ...ADMIN_LIMITS, ...options.limits }
  const roster = new Roster<Socket>(limits)
  const server = createAdminHttp(limits, roster, (request, response) => {
    void serve(options, limits, roster, request, response)
  })
  await listening(server, listen)
  server.on('error', (error) => options.log.warn({ err: error }, 'admin server'))
  return {
    port: (server.address() as AddressInfo).port,
    close: (withinMs = 1000) => close(server, withinMs),
  }
}

async function serve(
  options: AdminOptions,
  limits: AdminLimits,
  roster: Roster<Socket>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { log, view } = options
  // A client that goes away, or breaks off: its drain goes on, and there is nobody to tell.
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    if (bodyBytes(request) > limits.bodyBytes) {
      send(response, textAnswer(413, 'no body is wanted here', { connection: 'close' }))
      return
    }
    request.resume()
    const routed = route(request.method ?? '', request.url ?? '', () => judgeRequest(options, request), view)
    send(response, await perform(options, roster, request, routed))
  } catch (error) {
    log.warn(
      { err: error, method: request.method, path: request.url?.split('?')[0] },
      'admin: the answer failed',
    )
    if (!response.headersSent) send(response, textAnswer(500, 'internal error: see the log'))
  }
}

/** Carries out what was asked for; takes as long as it takes. */
async function perform(
  options: AdminOptions,
  roster: Roster<Socket>,
  request: IncomingMessage,
  routed: Routed,
): Promise<Answer> {
  const { view, commands, log } = options
  switch (routed.kind) {
    case 'answer':
      return routed.answer
    case 'metrics': {
      const { contentType, body } = await view.metrics()
      return { status: 200, headers: { 'content-type': contentType }, body }
    }
    case 'hook':
      return answerHook(options, roster, request, routed.who)
    case 'drain': {
      log.info({ from: request.socket.remoteAddress }, 'admin: POST /drain')
      return jsonAnswer(202, { phase: commands.drain() })
    }
    case 'resume': {
      log.info({ from: request.socket.remoteAddress }, 'admin: POST /resume')
      const { ok, phase } = commands.resume()
      return jsonAnswer(ok ? 200 : 409, { ok, phase })
    }
    default:
      return routed satisfies never
  }
}

/** `Connection: close`, since the kubelet would keep the connection, idle, for the rest of the pod's life. */
async function answerHook(
  { commands, log }: AdminOptions,
  roster: Roster<Socket>,
  { socket, headers }: IncomingMessage,
  who: 'app' | 'sidecar',
): Promise<Answer> {
  const connection = { connection: 'close' }
  const fields = { hook: who, from: socket.remoteAddress, agent: headers['user-agent'] }
  if (!roster.hold(socket)) {
    log.warn(fields, `hook ${who}: too many wait already, answered 503`)
    return textAnswer(503, 'too many hooks wait already', connection)
  }
  const started = performance.now()
  log.info(fields, `hook ${who}: called`)
  try {
    await commands.hook(who)
    return textAnswer(200, 'drained', connection)
  } catch (error) {
    log.warn({ ...fields, err: error }, `hook ${who}: failed`)
    return textAnswer(500, 'the drain failed: see the log', connection)
  } finally {
    roster.release(socket)
    const heldMs = Math.round(performance.now() - started)
    if (socket.destroyed)
      log.warn({ ...fields, heldMs }, `hook ${who}: its caller went away before the answer`)
    else log.info({ ...fields, heldMs }, `hook ${who}: answered`)
  }
}

function judgeRequest({ token, hookAllow }: AdminOptions, request: IncomingMessage) {
  const address = request.socket.remoteAddress
  const addressAllowed =
    hookAllow.length === 0 || (address !== undefined && hookAllow.some((cidr) => cidrContains(cidr, address)))
  return judgeCaller(addressAllowed, token, request.headers.authorization)
}

/** How long the body is said to be; one that does not say is too long. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity
  return Number(headers['content-length'] ?? 0)
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
