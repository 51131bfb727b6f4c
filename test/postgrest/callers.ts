/**
 * Clients of a PostgREST API that never retry: readers, inserters and callers of a slow function, each with one kept
 * connection. One that is told `Connection: close` would find its way to another pod: it stops. One that has lost its
 * connection stops as well; any other error is told, and it goes on.
 */
import { Client, type Dispatcher } from 'undici'

export interface Failure {
  /** Whose answer it was; `connection`: there was none. */
  readonly by: 'app' | 'lastcall' | 'connection'
  /** PostgREST's code (PGRST000), a status, or an error of the socket. */
  readonly code: string
  /** For people. */
  readonly text: string
}

export interface Caller {
  readonly answered: number
  /** How many answers were no failures. */
  readonly succeeded: number
  readonly failures: readonly Failure[]
  /** The names that PostgREST has acknowledged to have inserted. */
  readonly inserted: readonly string[]
  /** Settles when the client has stopped, by itself or by `stop`, and its last request has ended. */
  readonly done: Promise<void>
  stop(): void
}

const EACH = 4
const JSON_BODY = { 'content-type': 'application/json' }

/** Starts `each` clients of each kind; they go on until they are stopped or refused. `name` begins what they insert. */
export function startCallers(origin: string, name = 'item', each = EACH): Caller[] {
  const numbers = Array.from({ length: each }, (_, index) => index)
  return numbers.flatMap((number) => [
    start(origin, () => ({ method: 'GET', path: '/items?limit=5' })),
    start(origin, (count) => insert(`${name}-${number}-${count}`)),
    start(origin, (count) => slow(0.1 + (count % 10) / 5)),
  ])
}

type Ask = Dispatcher.RequestOptions & { readonly inserts?: string }

function insert(name: string): Ask {
  return { method: 'POST', path: '/items', headers: JSON_BODY, body: JSON.stringify({ name }), inserts: name }
}

function slow(seconds: number): Ask {
  return { method: 'POST', path: '/rpc/slow', headers: JSON_BODY, body: JSON.stringify({ seconds }) }
}

function start(origin: string, ask: (count: number) => Ask): Caller {
  const client = new Client(origin, {
    pipelining: 1,
    keepAliveTimeout: 600_000,
    keepAliveMaxTimeout: 600_000,
  })
  const failures: Failure[] = []
  const inserted: string[] = []
  let answered = 0
  let succeeded = 0
  let stopped = false

  async function run(): Promise<void> {
    while (!stopped) {
      const { inserts, ...request } = ask(answered)
      const what = `${request.method} ${request.path}`
      try {
        const { statusCode, headers, body } = await client.request(request)
        const text = await body.text()
        answered += 1
        stopped ||= headers['connection'] === 'close'
        if (statusCode >= 300) {
          const by = headers['proxy-status'] === undefined ? 'app' : 'lastcall'
          failures.push({ by, code: codeOf(text, statusCode), text: `${what}: ${statusCode} ${text}` })
        } else {
          succeeded += 1
          if (inserts !== undefined) inserted.push(inserts)
        }
      } catch (error) {
        const { code = '', message } = error as NodeJS.ErrnoException
        failures.push({ by: 'connection', code, text: `${what}: ${code} ${message}` })
        stopped = true
      }
    }
    await client.destroy()
  }

  const done = run()
  return {
    get answered() {
      return answered
    },
    get succeeded() {
      return succeeded
    },
    failures,
    inserted,
    done,
    stop: () => (stopped = true),
  }
}

function codeOf(text: string, status: number): string {
  try {
    return String((JSON.parse(text) as { code: unknown }).code)
  } catch {
    return String(status)
  }
}
