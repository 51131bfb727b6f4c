/**
 * The clients at work: each is silent for its time, sends one request, waits for its end, and records it. A failure is
 * any error, any 5xx, or a wrong body. Nothing is sent twice. Knows no pods: what a failure had to do with one is
 * worked out later, from the record.
 */

import { type HttpClient, openClient, type Outcome } from './client.ts'
import type { RequestRecord } from './journal.ts'
import type { Ask, Plan } from './mix.ts'
import { pause, pollSockets } from './pause.ts'
import type { Random } from './random.ts'

/**
 * A timer of a busy process fires late, and the FIN of an idle connection may wait unseen in the kernel meanwhile, of
 * the client's own socket or of the Service's (which lives in this process). A request written then is lost to the
 * lateness of the harness; so sockets are looked at before each request, once for each hop and once more.
 */
const LOOKS_BEFORE_SENDING = 3

export class Load {
  readonly requests: RequestRecord[] = []
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[] = []
  #lastId = 0

  /** Starts all clients of the plans. */
  constructor(origin: string, plans: readonly Plan[], random: Random) {
    for (const plan of plans) {
      for (const kind of plan.kinds) {
        for (let count = 0; count < plan.each; count += 1) {
          const client = openClient(kind, origin)
          this.#loops.push(this.#run(client, plan, `${plan.name}/${kind}`, random.fork()))
        }
      }
    }
  }

  get failures(): number {
    return this.requests.reduce((sum, request) => sum + (request.failure === undefined ? 0 : 1), 0)
  }

  /** No more requests; answers when those under way have ended and all connections are closed. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  async #run(client: HttpClient, plan: Plan, name: string, random: Random): Promise<void> {
    let lastEndAt = performance.now()
    while (await pause(plan.idleMs(random), this.#stop.signal)) {
      await pollSockets(LOOKS_BEFORE_SENDING)
      this.#lastId += 1
      const ask = plan.ask(`q${this.#lastId}`, random)
      const startedAt = performance.now()
      const outcome = await client.send(ask)
      const endedAt = performance.now()
      this.requests.push(record(name, ask, outcome, startedAt, endedAt, startedAt - lastEndAt))
      lastEndAt = endedAt
    }
    await client.close()
  }
}

function record(
  client: string,
  ask: Ask,
  outcome: Outcome,
  startedAt: number,
  endedAt: number,
  idleMs: number,
): RequestRecord {
  const pod = outcome.kind === 'answered' ? outcome.headers['x-pod'] : undefined
  return {
    client,
    method: ask.method,
    path: ask.path,
    startedAt,
    endedAt,
    idleMs,
    status: outcome.kind === 'answered' ? outcome.status : undefined,
    failure: failureOf(ask, outcome),
    pod: typeof pod === 'string' ? pod : undefined,
    reused: outcome.reused,
    clientPort: outcome.clientPort,
    order: ask.order,
  }
}

/** Why an outcome is a failure; undefined if it is none. */
export function failureOf(ask: Ask, outcome: Outcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.why
  const proxy = outcome.headers['proxy-status']
  if (outcome.status >= 500 || (ask.expect !== undefined && outcome.status !== 200)) {
    return `status ${outcome.status}${proxy === undefined ? '' : ` (${String(proxy)})`}`
  }
  if (ask.expect !== undefined && outcome.body.toString() !== ask.expect) {
    return `wrong body: ${JSON.stringify(outcome.body.toString().slice(0, 60))}`
  }
  return undefined
}
