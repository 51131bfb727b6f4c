/**
 * Clients of a PostgREST API that never retry: readers, inserters and callers of a slow function, each with one kept
 * connection. One that is told `Connection: close` would find its way to another pod: it stops. Any error is a failure.
 */
import { Client, type Dispatcher } from 'undici'

export interface Caller {
  readonly answered: number
  readonly failures: readonly string[]
  /** The names that PostgREST has acknowledged to have inserted. */
  readonly inserted: readonly string[]
  /** Settles when the client has stopped, by itself or by `stop`, and its last request has ended. */
  readonly done: Promise<void>
  stop(): void
}

const EACH = 4
const JSON_BODY = { 'content-type': 'application/json' }

/** Starts some clients of each kind; they go on until they are stopped or refused. */
export function startCallers(origin: string): Caller[] {
  const numbers = Array.from({ length: EACH }, (_, index) => index)
  return numbers.flatMap((number) => [
    start(origin, () => ({ method: 'GET', path: '/items?limit=5' })),
    start(origin, (count) => insert(`${number}-${count}`)),
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
  const failures: string[] = []
  const inserted: string[] = []
  let answered = 0
  let stopped = false

  async function run(): Promise<void> {
    while (!stopped) {
      const { inserts, ...request } = ask(answered)
      try {
        const { statusCode, headers, body } = await client.request(request)
        const text = await body.text()
        answered += 1
        stopped ||= headers['connection'] === 'close'
        if (statusCode >= 300) failures.push(`${request.method} ${request.path}: ${statusCode} ${text}`)
        else if (inserts !== undefined) inserted.push(inserts)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        failures.push(`${request.method} ${request.path}: ${code} ${message}`)
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
    failures,
    inserted,
    done,
    stop: () => (stopped = true),
  }
}
