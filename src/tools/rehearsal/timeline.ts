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
  readonly lanes: readonly Lane[]
  readonly requests: readonly RequestBar[]
}

/** One container. */
export interface Lane {
  readonly container: string
  readonly spans: readonly Span[]
  readonly sigtermMs: number | undefined
  readonly sigkillMs: number | undefined
}

/** What a container was in: `running`, `preStop hook`, `stopping`, or a phase of lastcall. */
export interface Span {
  readonly what: string
  readonly fromMs: number
  readonly toMs: number
}

/** late: answered, on a connection that was opened after the deletion. */
export type RequestOutcome = 'answered' | 'late' | 'failed'

export interface RequestBar {
  readonly fromMs: number
  readonly toMs: number
  readonly outcome: RequestOutcome
  /** For people: what was asked, by whom, and what became of it. */
  readonly says: string
}

/** So much is shown of the time before a deletion. */
const BEFORE_MS = 1000

/** `timeOriginMs`: the wall clock's time at the zero of the journal's clock, `performance.timeOrigin`. */
export function timelineOf(journal: Journal, timeOriginMs: number): Timeline {
  const { strategy, requests, connections, events, output } = journal
  const deletions = events.filter((event) => event.what === 'deleted')
  const ofPods = Map.groupBy(requests, (request) => connectionOf(request, connections)?.pod ?? request.pod)
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
      lanes: containers.map((name) => laneOf(name, own, at, name === 'lastcall' ? phases : [])),
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
    outcome: failure !== undefined ? 'failed' : late ? 'late' : 'answered',
    says: `${method} ${path}: ${became} after ${(endedAt - startedAt).toFixed(1)} ms (${client}, ${on})`,
  }
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
  const marks = phases.length > 0 ? phases : steps(when, sigtermMs)
  const spans = marks.flatMap(({ what, atMs }, index): Span[] => {
    const fromMs = Math.max(-BEFORE_MS, index === 0 ? -BEFORE_MS : atMs)
    const toMs = Math.min(endMs, marks[index + 1]?.atMs ?? endMs)
    return toMs > fromMs ? [{ what, fromMs, toMs }] : []
  })
  return { container, spans, sigtermMs, sigkillMs: when('sigkill') }
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
