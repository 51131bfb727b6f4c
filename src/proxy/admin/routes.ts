/**
 * The endpoints of the admin server. Pure: from the method, the path and the caller to an answer, or to a command that
 * the shell (`server.ts`) carries out and answers. DESIGN §6.
 *
 *   GET  /readyz           200 while the pod takes traffic, otherwise 503 and the reason
 *   GET  /livez            200 while the event loop turns
 *   GET  /startupz         200 once the listener is open, otherwise 503
 *   GET  /metrics          Prometheus text
 *   GET  /status           JSON (status.ts), or an event stream for clients that accept one (viewers.ts)
 *   GET  /                 the page, for clients that accept HTML
 *   GET  /prestop/app      the preStop hook of the app's container: answered when drained
 *   GET  /prestop/sidecar  the preStop hook of the sidecar's own container: likewise, and proof of a stop
 *   POST /drain            an operator begins a drain: 202 and the phase
 *   POST /resume           an operator undoes a drain: 200, or 409 if it is too late, and the phase
 *
 * The last four can be restricted by a token and by networks. Probes, /metrics and /status are open to everybody.
 */
import type { Caller } from './auth.ts'
import type { LiveInput } from './live.ts'

/** What the admin server shows of the program. */
export interface AdminView {
  ready(): { readonly ok: boolean; readonly why: string }
  started(): boolean
  status(): object
  /** The input of the page's event stream. */
  live(): LiveInput
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Routed =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The answer is a refusal, for this reason. */
  | { readonly kind: 'refused'; readonly reason: Exclude<Caller, 'allowed'>; readonly answer: Answer }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'page' }
  | { readonly kind: 'stream' }
  | { readonly kind: 'hook'; readonly who: 'app' | 'sidecar' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'resume' }

/** A probe's answer must not be cached, and browsers must not guess its type. */
const COMMON = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
const TEXT = { ...COMMON, 'content-type': 'text/plain; charset=utf-8' }
const JSON_TYPE = { ...COMMON, 'content-type': 'application/json; charset=utf-8' }

/** HEAD is GET without the body (RFC 9110 §9.3.2), but not for hooks: a HEAD must not drain a pod. */
const READ = ['GET', 'HEAD']

interface Endpoint {
  readonly methods: readonly string[]
  readonly guarded: boolean
  readonly route: (view: AdminView) => Routed
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/readyz': open((view) => {
    const { ok, why } = view.ready()
    return ok ? say(200, 'ok') : say(503, `not ready: ${why}`)
  }),
  '/livez': open(() => say(200, 'ok')),
  '/startupz': open((view) =>
    view.started() ? say(200, 'ok') : say(503, 'not started: the listener is not open yet'),
  ),
  '/metrics': open(() => ({ kind: 'metrics' })),
  '/status': open((view) => ({ kind: 'answer', answer: jsonAnswer(200, view.status()) })),
  '/prestop/app': { methods: ['GET'], guarded: true, route: () => ({ kind: 'hook', who: 'app' }) },
  '/prestop/sidecar': { methods: ['GET'], guarded: true, route: () => ({ kind: 'hook', who: 'sidecar' }) },
  '/drain': { methods: ['POST'], guarded: true, route: () => ({ kind: 'drain' }) },
  '/resume': { methods: ['POST'], guarded: true, route: () => ({ kind: 'resume' }) },
}

const NOT_FOUND = `not found; there are:\n${Object.entries(ENDPOINTS)
  .map(([path, { methods }]) => `  ${methods[0]} ${path}`)
  .join('\n')}`

const DENIED: Readonly<Record<Exclude<Caller, 'allowed'>, Answer>> = {
  address: textAnswer(403, 'this address is not allowed to call this: see --hook-allow'),
  'foreign-page': textAnswer(
    403,
    "a web page other than lastcall's own sent this: use lastcall drain, curl, or the page of this port, opened at " +
      'localhost or an IP address (with --token also at other names)',
  ),
  token: textAnswer(401, 'the header Authorization: Bearer TOKEN is required: see --token', {
    'www-authenticate': 'Bearer realm="lastcall"',
  }),
}

/**
 * Decides on one request. `target` is the request target as received, with its query; `accept` is the value of the
 * field; `caller` is called only if it matters. Never throws unless `view` does.
 */
export function route(
  { method, target, accept }: { readonly method: string; readonly target: string; readonly accept: string },
  caller: () => Caller,
  view: AdminView,
): Routed {
  const path = pathOf(target)
  if (path === '/' && READ.includes(method) && accepts(accept, 'text/html')) return { kind: 'page' }
  if (path === '/status' && method === 'GET' && accepts(accept, 'text/event-stream'))
    return { kind: 'stream' }
  const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined
  if (endpoint === undefined) return say(404, NOT_FOUND)
  const { methods } = endpoint
  if (!methods.includes(method)) {
    return say(405, `${path} takes ${methods.join(' or ')}`, { allow: methods.join(', ') })
  }
  const verdict = endpoint.guarded ? caller() : 'allowed'
  if (verdict === 'allowed') return endpoint.route(view)
  return { kind: 'refused', reason: verdict, answer: DENIED[verdict] }
}

/**
 * Whether the field names the type with a weight above 0 (RFC 9110 §12.4.2). Wildcards, as curl and the kubelet send
 * them, do not count.
 */
function accepts(accept: string, type: string): boolean {
  return accept.split(',').some((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return name === type && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })
}

/** A short plain text, with the newline that a terminal needs. */
export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...TEXT, ...headers }, body: `${text}\n` }
}

export function jsonAnswer(status: number, value: object): Answer {
  return { status, headers: JSON_TYPE, body: `${JSON.stringify(value)}\n` }
}

function say(status: number, text: string, headers: Record<string, string> = {}): Routed {
  return { kind: 'answer', answer: textAnswer(status, text, headers) }
}

function open(read: (view: AdminView) => Routed): Endpoint {
  return { methods: READ, guarded: false, route: read }
}

/**
 * Only the path: without query, scheme and host (RFC 9112 §3.2.2), and with a single leading slash, because the kubelet
 * of Kubernetes 1.20 calls `/prestop/app` as `//prestop/app`.
 */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  return path.replace(/^\/+/, '/')
}
