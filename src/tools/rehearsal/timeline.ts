/**
 * From the journal to what a timeline shows, pure: for each pod that was stopped, what its containers were in and what
 * became of the requests that were with it, all in milliseconds from its deletion. Knows neither colours nor places:
 * those are timeline-picture.ts's. Phases of a sidecar are read from its own log (DESIGN section 3).
 */

import type { PodEvent, RequestRecord } from './journal.ts'
import { connectionOf, type Journal } from './report.ts'

export interface Timeline {
  readonly strategy: string
  readonly requests: number
  readonly failed: number
  /** In the order of their deletions. */
  readonly terminations: readonly Termination[]
  /** Failed requests that no termination shows: they were with no pod, or with one that was not being stopped. */
  readonly failedElsewhere: number
}

export interface Termination {
  readonly pod: string
  /** From here on everything is shown; negative. */
  readonly fromMs: number
  /** When the last container had ended. */
  readonly goneMs: number
  /** The pod's endpoint and its readiness, then its containers. */
  readonly lanes: readonly Lane[]
  readonly requests: readonly RequestBar[]
}

/** One container; or `endpoint`, or `readiness`. */
export interface Lane {
  readonly name: string
  readonly spans: readonly Span[]
  /** Its preStop hook, where the spans are something else. */
  readonly hook: Span | undefined
  readonly sigtermMs: number | undefined
  readonly sigkillMs: number | undefined
}

/**
 * What a container was in: `running`, `preStop hook`, `stopping`, or a phase of lastcall. An endpoint is `listed`, then
 * `propagating` until the Service has learned of the deletion; readiness is `ready` or `not ready`.
 */
export interface Span {
  readonly what: string
  readonly fromMs: number
  readonly toMs: number
}

/** crossed: in flight at the deletion, and answered; late: answered, on a connection that was opened after it. */
export type RequestOutcome = 'answered' | 'crossed' | 'late' | 'failed'

export interface RequestBar {
  readonly fromMs: number
  readonly toMs: number
  readonly outcome: RequestOutcome
  /** For people: what was asked, by whom, and what became of it. */
  readonly says: string
  /** The record that this bar was made from. */
  readonly source: object
}

/** So much is shown of the time before a deletion. */
const BEFORE_MS = 1000

/** `timeOriginMs`: the wall clock's time at the zero of the journal's clock, `performance.timeOrigin`. */
export function timelineOf(journal: Journal, timeOriginMs: number): Timeline {
  const { strategy, requests, connections, events, output } = journal
  const deletions = events.filter((event) => event.what === 'deleted')
  const ofPods = Map.groupBy(requests, (request) => connectionOf(request, connections)?.pod ?? request.pod)
  const lastAt = requests.reduce((last, { endedAt }) => Math.max(last, endedAt), 0)
  const terminations = deletions.flatMap(({ pod, at }) => {
    const own = events.filter((event) => event.pod === pod)
    const goneAt = own.find((event) => event.what === 'gone')?.at
    if (goneAt === undefined) return []
    const phases = phasesOf(output.get(pod) ?? [], timeOriginMs + at)
    const containers = [...new Set(own.flatMap((event) => event.container ?? []))].toSorted(sidecarFirst)
    const shown = (ofPods.get(pod) ?? []).filter((request) => request.endedAt >= at - BEFORE_MS)
    return {
      pod,
      fromMs: -BEFORE_MS,
      goneMs: goneAt - at,
      lanes: [
        ...endpointLane(own, at, Math.max(goneAt, lastAt) - at),
        ...readinessLane(own, at, goneAt - at),
        ...containers.map((name) => laneOf(name, own, at, name === 'lastcall' ? phases : [])),
      ],
      requests: shown.map((request) =>
        barOf(request, at, (connectionOf(request, connections)?.openedAt ?? 0) > at),
      ),
    }
  })
  const failed = requests.filter((request) => request.failure !== undefined).length
  const shown = terminations.flatMap((one) => one.requests).filter((bar) => bar.outcome === 'failed').length
  return { strategy, requests: requests.length, failed, terminations, failedElsewhere: failed - shown }
}

function sidecarFirst(one: string, other: string): number {
  return Number(one === 'app') - Number(other === 'app')
}

function barOf(request: RequestRecord, deletedAt: number, late: boolean): RequestBar {
  const { client, method, path, status, failure, reused, idleMs, startedAt, endedAt } = request
  const became = failure === undefined ? `${status}` : `FAILED: ${failure}`
  const on = reused ? `reused connection, ${Math.round(idleMs)} ms idle` : 'new connection'
  return {
    fromMs: startedAt - deletedAt,
    toMs: endedAt - deletedAt,
    outcome: outcomeOf(failure !== undefined, late, startedAt < deletedAt && endedAt > deletedAt),
    says: `${method} ${path}: ${became} after ${(endedAt - startedAt).toFixed(1)} ms (${client}, ${on})`,
    source: request,
  }
}

function outcomeOf(failed: boolean, late: boolean, crossed: boolean): RequestOutcome {
  if (failed) return 'failed'
  if (late) return 'late'
  return crossed ? 'crossed' : 'answered'
}

/**
 * Until when the Service went on sending new connections, `lastMs` if it had not learned of the deletion by then; no lane
 * if nobody noted what it learned.
 */
function endpointLane(events: readonly PodEvent[], deletedAt: number, lastMs: number): Lane[] {
  const learned = events.filter((event) => event.what === 'endpoint-learned')
  if (learned.length === 0) return []
  const news = learned.filter((event) => event.at >= deletedAt && event.detail !== 'ready')
  // Each Service of the pod learns it for itself.
  const last = news.findLast((event) => event.detail === news[0]!.detail)
  const toMs = last === undefined ? lastMs : last.at - deletedAt
  const spans = [
    { what: 'listed', fromMs: -BEFORE_MS, toMs: 0 },
    { what: 'propagating', fromMs: 0, toMs },
  ]
  return [bareLane('endpoint', spans)]
}

function readinessLane(events: readonly PodEvent[], deletedAt: number, goneMs: number): Lane[] {
  const marks = events.flatMap(({ what, at }): PhaseMark[] =>
    what === 'ready' || what === 'unready'
      ? [{ what: what === 'ready' ? 'ready' : 'not ready', atMs: at - deletedAt }]
      : [],
  )
  return marks.length === 0 ? [] : [bareLane('readiness', spansOf(marks, goneMs))]
}

function bareLane(name: string, spans: readonly Span[]): Lane {
  return { name, spans, hook: undefined, sigtermMs: undefined, sigkillMs: undefined }
}

interface PhaseMark {
  readonly what: string
  readonly atMs: number
}

/** The moves that a sidecar's log tells, in milliseconds from the moment `zeroMs` of the wall clock. */
function phasesOf(lines: readonly string[], zeroMs: number): PhaseMark[] {
  return lines.flatMap((line) => {
    const phase = /"phase":"([a-z-]+)","from"/.exec(line)?.[1]
    const at = Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? '')
    return phase === undefined || Number.isNaN(at) ? [] : [{ what: phase, atMs: at - zeroMs }]
  })
}

function laneOf(
  container: string,
  events: readonly PodEvent[],
  deletedAt: number,
  phases: readonly PhaseMark[],
): Lane {
  // What was before the deletion, a restart say, is not this picture's matter; except the state then.
  const when = (...what: PodEvent['what'][]) => {
    const found = events.find(
      (event) => event.container === container && what.includes(event.what) && event.at >= deletedAt,
    )
    return found === undefined ? undefined : found.at - deletedAt
  }
  const sigtermMs = when('sigterm')
  const endMs = when('exited') ?? 0
  const told = phases.length > 0
  const marks = told ? phases : steps(when, sigtermMs)
  const [hookMs, hookEndMs] = [when('hook-called'), when('hook-answered', 'hook-failed') ?? endMs]
  const hook =
    told && hookMs !== undefined ? { what: 'preStop hook', fromMs: hookMs, toMs: hookEndMs } : undefined
  return { name: container, spans: spansOf(marks, endMs), hook, sigtermMs, sigkillMs: when('sigkill') }
}

/** From each mark to the next, the last one until `endMs`; the first one was there before. */
function spansOf(marks: readonly PhaseMark[], endMs: number): Span[] {
  return marks.flatMap(({ what, atMs }, index): Span[] => {
    const fromMs = Math.max(-BEFORE_MS, index === 0 ? -BEFORE_MS : atMs)
    const toMs = Math.min(endMs, marks[index + 1]?.atMs ?? endMs)
    return toMs > fromMs ? [{ what, fromMs, toMs }] : []
  })
}

/** The moves of a container that says nothing of itself, as the kubelet knows them. */
function steps(
  when: (...what: PodEvent['what'][]) => number | undefined,
  sigtermMs: number | undefined,
): PhaseMark[] {
  const marks: PhaseMark[] = [{ what: 'running', atMs: -BEFORE_MS }]
  const hookMs = when('hook-called')
  const hookEndMs = when('hook-answered', 'hook-failed', 'hook-overdue')
  if (hookMs !== undefined) marks.push({ what: 'preStop hook', atMs: hookMs })
  if (hookEndMs !== undefined) marks.push({ what: 'running', atMs: hookEndMs })
  if (sigtermMs !== undefined) marks.push({ what: 'stopping', atMs: sigtermMs })
  return marks
}
