/**
 * The clients of the end-to-end test as a program for a pod: `node main.ts http://service [density]`: the mixed clients
 * of the rehearsal, WebSocket and gRPC (with `--grpc http://service:PORT` there); with `--path /PATH` (and `--post /PATH`) only GETs and POSTs of an app that is
 * not ours. None of them retries. Answers on port 8090, to whoever runs the experiment: GET /report (so far), GET /stop
 * (ends the load, waits for what is under way, and reports), GET /held?from=MS&to=MS (epoch of this pod's clock: what was
 * under way then, by pod).
 */
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import type { RequestRecord } from '../../src/tools/rehearsal/journal.ts'
import { Load } from '../../src/tools/rehearsal/load.ts'
import { fullMix, pathMix } from '../../src/tools/rehearsal/mix.ts'
import { Random } from '../../src/tools/rehearsal/random.ts'
import { grpcLoad } from './grpc.ts'
import { held } from './held.ts'
import { webSocketLoad } from './websocket.ts'

/** A request of any protocol, as its client saw it; times of performance.now. */
export type Record = Pick<RequestRecord, 'client' | 'path' | 'pod' | 'reused' | 'startedAt' | 'endedAt'> &
  Partial<Pick<RequestRecord, 'failure' | 'method' | 'idleMs' | 'clientPort'>> & {
    /** A WebSocket message that crossed a Close frame, or a gRPC call that crossed a GOAWAY. */
    readonly crossed?: boolean
  }

/** A failed request; times in milliseconds of the epoch, by this pod's clock. */
export interface FailureReport {
  readonly client: string
  readonly what: string
  readonly failure: string
  /** Who answered, or who had answered last on the same connection. */
  readonly pod: string | undefined
  readonly reused: boolean
  readonly idleMs: number | undefined
  readonly startedAt: number
  readonly endedAt: number
}

export interface LoadReport {
  /** This pod's clock, milliseconds of the epoch. */
  readonly now: number
  readonly requests: number
  readonly failed: number
  readonly crossed: number
  /** In the order of their ends; the last ones, if there are very many. */
  readonly failures: readonly FailureReport[]
  readonly byClient: Readonly<{ [client: string]: { readonly requests: number; readonly failed: number } }>
  /** Requests answered by each pod, and when one last went there by a new connection. */
  readonly byPod: Readonly<{
    [pod: string]: { readonly requests: number; readonly lastConnectionAt?: number }
  }>
  readonly slowestMs: number
}

const PORT = 8090
const MOST_FAILURES = 500
const WEBSOCKETS = 6
const CHANNELS = 4

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { path: { type: 'string' }, post: { type: 'string' }, grpc: { type: 'string' } },
})
const [origin = '', density = '1'] = positionals
const random = new Random(Date.now())
const others: Record[] = []
const stop = new AbortController()
const record = (one: Record) => void others.push(one)
const ours = values.path === undefined
const plans = ours ? fullMix(Number(density)) : pathMix(values.path!, Number(density), values.post)
const load = new Load(origin, plans, random)
const many = (count: number) => Array.from({ length: ours ? Math.round(count * Number(density)) : 0 })
const loops = [
  ...many(WEBSOCKETS).map(() => webSocketLoad(origin, random.fork(), stop.signal, record)),
  ...many(CHANNELS).map(() => grpcLoad(values.grpc ?? origin, random.fork(), stop.signal, record)),
]

function report(): LoadReport {
  const requests: Record[] = [...load.requests, ...others]
  const failed = requests.filter(({ failure }) => failure !== undefined)
  return {
    now: epoch(performance.now()),
    requests: requests.length,
    failed: failed.length,
    crossed: requests.filter(({ crossed }) => crossed === true).length,
    failures: failed
      .toSorted((a, b) => a.endedAt - b.endedAt)
      .slice(-MOST_FAILURES)
      .map((one) => failureReport(one, requests)),
    byClient: byClient(requests),
    byPod: byPod(requests),
    slowestMs: Math.round(requests.reduce((most, one) => Math.max(most, one.endedAt - one.startedAt), 0)),
  }
}

function failureReport(one: Record, requests: readonly Record[]): FailureReport {
  const { client, method, path, failure = '', reused, idleMs, startedAt, endedAt } = one
  const pod = podOf(one, requests)
  const what = method === undefined ? path : `${method} ${path}`
  return { client, what, failure, pod, reused, idleMs, startedAt: epoch(startedAt), endedAt: epoch(endedAt) }
}

/** Who answered, or had answered before on the same connection. */
function podOf(one: Record, requests: readonly Record[]): string | undefined {
  const { pod, reused, clientPort, startedAt } = one
  if (pod !== undefined || !reused || clientPort === undefined) return pod
  return requests.findLast(
    (other) => other.clientPort === clientPort && other.pod !== undefined && other.endedAt <= startedAt,
  )?.pod
}

function heldAt(query: URLSearchParams): object {
  const requests: Record[] = [...load.requests, ...others]
  const at = (name: string) => Number(query.get(name)) - performance.timeOrigin
  return held(requests, (one) => podOf(one, requests), at('from'), at('to'))
}

function byClient(requests: readonly Record[]): LoadReport['byClient'] {
  const counts: { [client: string]: { requests: number; failed: number } } = {}
  for (const { client, failure } of requests) {
    const count = (counts[client] ??= { requests: 0, failed: 0 })
    count.requests += 1
    if (failure !== undefined) count.failed += 1
  }
  return counts
}

function byPod(requests: readonly Record[]): LoadReport['byPod'] {
  const pods: { [pod: string]: { requests: number; lastConnectionAt?: number } } = {}
  for (const { pod, reused, startedAt, failure } of requests) {
    if (pod === undefined) continue
    const one = (pods[pod] ??= { requests: 0 })
    if (failure === undefined) one.requests += 1
    if (!reused) one.lastConnectionAt = Math.max(one.lastConnectionAt ?? 0, epoch(startedAt))
  }
  return pods
}

function epoch(at: number): number {
  return Math.round(performance.timeOrigin + at)
}

async function end(): Promise<void> {
  stop.abort()
  await Promise.all([load.stop(), ...loops])
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://clients')
  if (pathname.endsWith('/held')) return void response.end(JSON.stringify(heldAt(searchParams)))
  const settled = pathname.endsWith('/stop') ? end() : Promise.resolve()
  return void settled.then(() => response.end(JSON.stringify(report())))
})
server.listen(PORT)
process.on('SIGTERM', () => process.exit(0))
