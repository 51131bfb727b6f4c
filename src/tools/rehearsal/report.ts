/**
 * From the journal to the verdict, pure: how many requests failed, why, and what their pod was doing just then; how long
 * the pods took to go; whether what was acknowledged was applied, exactly once. Knows no sockets and no processes.
 */

import type { ConnectionRecord, PodEvent, RequestRecord } from './journal.ts'

export interface Journal {
  readonly strategy: string
  readonly seed: number
  readonly rolloutMs: readonly number[]
  readonly requests: readonly RequestRecord[]
  readonly connections: readonly ConnectionRecord[]
  readonly events: readonly PodEvent[]
  /** The id of every applied order, as often as it was applied; undefined if the app keeps no ledger. */
  readonly ledger: readonly string[] | undefined
  /** What the sidecar of each pod said. */
  readonly output: ReadonlyMap<string, readonly string[]>
  /** The longest that the harness itself was late. */
  readonly worstLatenessMs: number
}

/** app stopping: from the app's SIGTERM on; app gone: its process has ended, the sidecar's has not. */
export type PodPhase = 'serving' | 'terminating' | 'app stopping' | 'app gone' | 'gone'

export interface Failure {
  readonly request: RequestRecord
  readonly pod: string | undefined
  /** What the pod was in when the request began, and when it failed. */
  readonly began: PodPhase
  readonly ended: PodPhase
  /** The failure's age of the pod's deletion; negative before it. */
  readonly sinceDeletionMs: number | undefined
  readonly connection: ConnectionRecord | undefined
}

export interface PodReport {
  readonly pod: string
  /** From deletion to the end of the last container. */
  readonly goneMs: number
  /** Age of the deletion when the last new connection was sent to the pod; undefined if none was. */
  readonly lastConnectionMs: number | undefined
  readonly lateConnections: number
  readonly killed: boolean
  /** How each container ended: `app 0`, `lastcall 1`. */
  readonly exits: readonly string[]
  readonly hookFailures: readonly string[]
  readonly verdict: string | undefined
}

export interface LedgerReport {
  readonly acknowledged: number
  readonly applied: number
  /** Acknowledged, but not in the ledger: lost work. */
  readonly lost: readonly string[]
  /** In the ledger more than once: work done twice. */
  readonly repeated: readonly string[]
  /** In the ledger, but the client was told of a failure: it does not know. */
  readonly unacknowledged: readonly string[]
}

export interface Report {
  readonly strategy: string
  readonly seed: number
  readonly requests: number
  readonly byClient: Readonly<Record<string, { readonly requests: number; readonly failed: number }>>
  readonly failures: readonly Failure[]
  readonly rolloutMs: readonly number[]
  readonly pods: readonly PodReport[]
  readonly ledger: LedgerReport | undefined
  readonly worstLatenessMs: number
}

/** Works the report out of a journal. */
export function reportOf(journal: Journal): Report {
  const { strategy, seed, requests, connections, events, ledger, rolloutMs, worstLatenessMs } = journal
  const failed = requests.filter((request) => request.failure !== undefined)
  return {
    strategy,
    seed,
    requests: requests.length,
    byClient: countByClient(requests),
    failures: failed.map((request) => explain(request, connections, events)),
    rolloutMs,
    pods: podReports(journal),
    ledger: ledger === undefined ? undefined : checkLedger(requests, ledger),
    worstLatenessMs,
  }
}

/** Compares what clients were told with what was applied. */
export function checkLedger(requests: readonly RequestRecord[], ledger: readonly string[]): LedgerReport {
  const applied = new Map<string, number>()
  for (const id of ledger) applied.set(id, (applied.get(id) ?? 0) + 1)
  const lost: string[] = []
  const unacknowledged: string[] = []
  let acknowledged = 0
  for (const { order, failure } of requests) {
    if (order === undefined) continue
    if (failure === undefined) acknowledged += 1
    if (failure === undefined && !applied.has(order)) lost.push(order)
    if (failure !== undefined && applied.has(order)) unacknowledged.push(order)
  }
  const repeated = [...applied].filter(([, times]) => times > 1).map(([id]) => id)
  return { acknowledged, applied: applied.size, lost, repeated, unacknowledged }
}

/** The connection that carried a request; undefined if the client never had one. */
export function connectionOf(
  request: RequestRecord,
  connections: readonly ConnectionRecord[],
): ConnectionRecord | undefined {
  // Ports are used again: it is the last connection from that port that was open before the request ended.
  return connections.findLast(
    (candidate) => candidate.clientPort === request.clientPort && candidate.openedAt <= request.endedAt,
  )
}

/** Joins a failed request to its connection, by the client's port, and to what had happened to the pod by then. */
function explain(
  request: RequestRecord,
  connections: readonly ConnectionRecord[],
  events: readonly PodEvent[],
): Failure {
  const connection = connectionOf(request, connections)
  const pod = connection?.pod ?? request.pod
  const own = events.filter((event) => event.pod === pod)
  const deletedAt = own.find((event) => event.what === 'deleted')?.at
  return {
    request,
    pod,
    began: phaseAt(request.startedAt, own),
    ended: phaseAt(request.endedAt, own),
    sinceDeletionMs: deletedAt === undefined ? undefined : request.endedAt - deletedAt,
    connection,
  }
}

/** What a pod was in at a moment, from its own events. */
function phaseAt(at: number, events: readonly PodEvent[]): PodPhase {
  const past = events.filter((event) => event.at <= at)
  const deleted = past.findIndex((event) => event.what === 'deleted')
  if (deleted < 0) return 'serving'
  const since = past.slice(deleted)
  if (since.some((event) => event.what === 'gone')) return 'gone'
  if (since.some((event) => event.what === 'exited' && event.container === 'app')) return 'app gone'
  if (since.some((event) => event.what === 'sigterm' && event.container === 'app')) return 'app stopping'
  return 'terminating'
}

function podReports({ events, connections, output }: Journal): PodReport[] {
  return events
    .filter((event) => event.what === 'deleted')
    .flatMap(({ pod, at }) => {
      const own = events.filter((event) => event.pod === pod)
      const gone = own.find((event) => event.what === 'gone')
      if (gone === undefined) return []
      const late = connections.filter((one) => one.pod === pod && one.openedAt > at)
      const last = late.at(-1)
      const exits = own.filter((event) => event.what === 'exited')
      return {
        pod,
        goneMs: gone.at - at,
        lastConnectionMs: last === undefined ? undefined : last.openedAt - at,
        lateConnections: late.length,
        killed: own.some((event) => event.what === 'sigkill'),
        exits: exits.map((event) => `${event.container} ${event.detail}`),
        hookFailures: own
          .filter((event) => event.what === 'hook-failed' || event.what === 'hook-overdue')
          .map((event) => `${event.container}: ${event.detail ?? 'overdue'}`),
        verdict: verdictOf(output.get(pod) ?? []),
      }
    })
}

/** The message of the sidecar's verdict line (DESIGN section 3), or else its last line, whatever it is. */
function verdictOf(lines: readonly string[]): string | undefined {
  const line = lines.findLast((text) => text.includes('"verdict":')) ?? lines.at(-1)
  return line === undefined ? undefined : (/"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line)
}

function countByClient(requests: readonly RequestRecord[]): Report['byClient'] {
  const counts: Record<string, { requests: number; failed: number }> = {}
  for (const { client, failure } of requests) {
    const count = (counts[client] ??= { requests: 0, failed: 0 })
    count.requests += 1
    if (failure !== undefined) count.failed += 1
  }
  return counts
}
