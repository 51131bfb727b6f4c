/**
 * The clients of the demo: a few requests at a time, for as long as it runs. They do what clients behind a Service do:
 * open connections to a pod that is ready, keep them, and go elsewhere when a response says `Connection: close`. So a
 * drain gets its quiet, and a resume brings them back. They never retry; what fails is counted.
 */
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Load {
  readonly sent: number
  readonly failed: number
  /** No request is begun after this. */
  stop(): void
}

/** As often as the endpoints are looked up. */
const LOOK_MS = 200

/** Each client's way of asking: the path, and how long it thinks before the next request. */
const CLIENTS: readonly {
  readonly path: () => string
  readonly thinkMs: () => number
  readonly body?: string
}[] = [
  { path: () => `/rpc/slow?seconds=${between(8, 12)}`, thinkMs: () => 300 },
  { path: () => `/rpc/slow?seconds=${between(5, 9)}`, thinkMs: () => 200 },
  { path: () => `/rpc/slow?seconds=${between(3, 6)}`, thinkMs: () => 400 },
  { path: () => `/rpc/slow?seconds=${between(1, 3)}`, thinkMs: () => 150 },
  { path: () => `/stream?seconds=${between(2, 4)}`, thinkMs: () => 800 },
  { path: () => '/events', thinkMs: () => 500 },
  { path: () => '/items', thinkMs: () => 120 },
  { path: () => '/items', thinkMs: () => 900, body: '{"name":"tea"}' },
]

/** Starts them; `admin` and `traffic` are host:port of lastcall. */
export function startLoad(traffic: string, admin: string): Load {
  let sent = 0
  let failed = 0
  const stopped = new AbortController()
  let listed = false

  async function endpoints(): Promise<void> {
    while (!stopped.signal.aborted) {
      const answer = await fetch(`http://${admin}/readyz`).catch(() => undefined)
      await answer?.body?.cancel()
      listed = answer?.ok ?? false
      await sleep(LOOK_MS, undefined, { ref: false })
    }
  }

  async function client({ path, thinkMs, body }: (typeof CLIENTS)[number]): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const connected = () => Object.values(agent.freeSockets).some((sockets) => (sockets?.length ?? 0) > 0)
    while (!stopped.signal.aborted) {
      if (listed || connected()) {
        sent += 1
        await ask(`http://${traffic}${path()}`, agent, body).catch(() => (failed += 1))
      }
      await sleep(thinkMs(), undefined, { ref: false })
    }
    agent.destroy()
  }

  void endpoints()
  for (const each of CLIENTS) void client(each)
  return {
    get sent() {
      return sent
    },
    get failed() {
      return failed
    },
    stop: () => stopped.abort(),
  }
}

/** Resolves when the response has come in full. */
function ask(url: string, agent: Agent, body?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { agent, method: body === undefined ? 'GET' : 'POST' },
      (response: IncomingMessage) => {
        response.resume()
        response.on('close', () => (response.complete ? resolve() : reject(new Error('cut'))))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

function between(least: number, most: number): string {
  return (least + Math.random() * (most - least)).toFixed(1)
}
