/**
 * The verdict: what became of a drain, as a record for log and metrics, and as one line for people (DESIGN §3, "Exit
 * after the app"). Pure: collects the facts of one drain and adds them up; no clock, logger or file.
 */
import type { Saved } from './saved.ts'
import type { Phase, Trigger } from './state.ts'

/** Requests that have ended since the start of the process. */
export interface Ended {
  readonly finished: number
  /** Those of them that the app did not serve in full: it ended, or broke the connection. */
  readonly failed: number
}

/** The record of one drain, from its first moment on. Times are in ms of the monotonic clock. */
export interface DrainRecord {
  readonly startedAt: number
  readonly inFlight: number
  /** What had ended when it began. */
  readonly before: Ended
  readonly phase: Phase
  readonly since: number
  /** How long the phases that were left took; a phase that was entered twice has one sum. */
  readonly tookMs: { readonly [P in Phase]?: number }
  readonly cut: number
}

export interface Verdict {
  /** `exited`: the process ends. `returned`: the drain was undone, by an operator or by itself. */
  readonly outcome: 'exited' | 'returned'
  /** Why the last phase was left. */
  readonly why: string
  readonly triggers: readonly Trigger[]
  readonly proof: boolean
  readonly drainMs: number
  readonly phasesMs: { readonly [P in Phase]?: number }
  readonly inFlight: number
  /** Without those that failed. */
  readonly finished: number
  readonly failed: number
  readonly cut: number
  /** Of the finished requests, those that the stop would have lost; none if nothing was stopped. */
  readonly saved: Saved
  /** Age of the drain when the last new connection arrived; undefined if none arrived. --settle should be longer. */
  readonly lastConnectionMs: number | undefined
  readonly text: string
}

/** Begins the record at the first moment of a drain. */
export function opened(phase: Phase, now: number, inFlight: number, before: Ended): DrainRecord {
  return { startedAt: now, inFlight, before, phase, since: now, tookMs: {}, cut: 0 }
}

/** Adds the time of the phase that is being left. */
export function moved(record: DrainRecord, to: Phase, now: number): DrainRecord {
  const took = (record.tookMs[record.phase] ?? 0) + now - record.since
  return { ...record, phase: to, since: now, tookMs: { ...record.tookMs, [record.phase]: took } }
}

/**
 * What is known only at the end. `lastConnectionAt`: -Infinity if none came; `saved`: by this drain.
 */
export interface Ending extends Ended {
  readonly why: string
  readonly triggers: readonly Trigger[]
  readonly lastConnectionAt: number
  readonly saved: Saved
}

/** Adds up the record, after the last `moved`. */
export function verdict(record: DrainRecord, end: Ending): Verdict {
  const late = end.lastConnectionAt - record.startedAt
  const failed = end.failed - record.before.failed
  const facts: Omit<Verdict, 'text'> = {
    outcome: record.phase === 'exited' ? 'exited' : 'returned',
    why: end.why,
    triggers: end.triggers,
    proof: end.triggers.includes('sidecar') || end.triggers.includes('signal'),
    drainMs: Math.round(record.since - record.startedAt),
    phasesMs: Object.fromEntries(Object.entries(record.tookMs).map(([phase, ms]) => [phase, Math.round(ms)])),
    inFlight: record.inFlight,
    finished: Math.max(0, end.finished - record.before.finished - failed),
    failed,
    cut: record.cut,
    saved: end.saved,
    lastConnectionMs: late > 0 ? Math.round(late) : undefined,
  }
  return { ...facts, text: text(facts) }
}

function text(v: Omit<Verdict, 'text'>): string {
  const { settling, 'lame-duck': lameDuck, draining, drained, exiting } = v.phasesMs
  const parts = [
    ...(settling === undefined ? [] : [`settle ${seconds(settling)}`]),
    ...(lameDuck === undefined ? [] : [`lame duck ${seconds(lameDuck)}`]),
    ...(draining === undefined ? [] : [`draining ${seconds(draining)}`]),
  ]
  const work = `${v.inFlight} in flight at the start, ${v.finished} finished, ${v.cut} cut${failures(v)}${saved(v.saved)}`
  const late =
    v.lastConnectionMs === undefined
      ? 'no new connection arrived after the drain began'
      : `last new connection ${seconds(v.lastConnectionMs)} after the drain began`
  const phases = parts.length === 0 ? '' : ` (${parts.join(', ')})`
  const facts = `${work}; ${late}`
  if (v.outcome === 'returned') return `back in service after ${seconds(v.drainMs)}${phases}: ${facts}`
  if (v.cut > 0 || drained === undefined)
    return `ended by ${v.why} after ${seconds(v.drainMs)}${phases}: ${facts}`
  const afterMs = drained + (exiting ?? 0)
  const after = afterMs === 0 ? '' : `, exited ${seconds(afterMs)} later (${v.why})`
  return `drained in ${seconds(v.drainMs - afterMs)}${phases}${after}: ${facts}`
}

/**
 * An app that gets SIGTERM with requests in flight is the usual reason, and a missing hook is the reason for that. An app
 * that has never been healthy is to blame itself: such a drain begins in `starting` and has nothing to settle.
 */
function failures(v: Omit<Verdict, 'text'>): string {
  if (v.failed === 0) return ''
  if (v.phasesMs.settling === undefined)
    return `; ${v.failed} failed: the app had not become healthy before the drain began`
  const hookless = v.outcome === 'exited' && !v.triggers.includes('app')
  const hint = hookless ? ' (its preStop hook /prestop/app was not called)' : ''
  return `; ${v.failed} failed because the app ended or broke the connection${hint}`
}

function saved({ inFlight, arrived }: Saved): string {
  if (inFlight + arrived === 0) return ''
  return `; saved ${inFlight} in flight and ${arrived} that arrived later`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
