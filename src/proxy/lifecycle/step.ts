/**
 * One step of the lifecycle: from a state and an event to the next state and the effects, by the rows of TABLE
 * (machine.ts). The event first updates the facts of the drain (drain.ts), in the same way in every phase. A move has
 * the effects of its change of traffic (traffic.ts), then those that its row asks for. Pure: the time is in the view,
 * and `wakeAt` says when to call again.
 */
import type { Budget } from './budget.ts'
import { begun, onlyOperators, summary, told } from './drain.ts'
import { type Act, type Case, type Cause, type Row, TABLE, type Table } from './machine.ts'
import { traffic, turned } from './traffic.ts'
import type { Effect, Event, Phase, State, View } from './state.ts'

/** The state at the start of the process. */
export function initial(budget: Budget): State {
  return { phase: 'starting', budget }
}

/**
 * Whether such an event can matter in this phase; saves the runner a step for each of the many requests while serving.
 */
export function concerns(phase: Phase, kind: 'quiesced' | 'lingered'): boolean {
  return rows(TABLE, phase, kind).length > 0 || rows(TABLE, phase, 'always').length > 0
}

/**
 * Takes one event. Returns the next state and the effects, to be carried out in this order. Only tests pass another
 * table.
 */
export function step(
  state: State,
  event: Event,
  view: View,
  table: Table = TABLE,
): { state: State; effects: readonly Effect[] } {
  const effects: Effect[] = []
  let current = noted(state, event, view.now)
  effects.push(...turned(traffic(state), traffic(current)))
  let row = fitting(rows(table, current.phase, event.kind), { event, state: current, before: state, view })
  const why = describe(event)
  // Every chain of `always` rows ends in a phase that waits; the bound states that.
  for (let moves = 0; moves < 20; moves += 1) {
    if (row !== undefined) {
      const { to, says = why, also = [] } = row
      if (to !== undefined) effects.push({ kind: 'moved', from: current.phase, to, why: says })
      const next = asked(also, to === undefined ? current : entered(to, current, event, view), view.now)
      effects.push(...turned(traffic(current), traffic(next)), ...acted(also, current, next, view))
      current = next
    }
    row = fitting(rows(table, current.phase, 'always'), { event, state: current, before: current, view })
    if (row === undefined) break
  }
  return { state: current, effects }
}

/** Returns when the next `tick` is due; undefined if only an event can change anything. */
export function wakeAt(state: State, view: View, table: Table = TABLE): number | undefined {
  const c: Case<State> = { event: { kind: 'tick' }, state, before: state, view }
  let first: number | undefined
  for (const row of rows(table, state.phase, 'always')) {
    const due = row.due !== undefined && (row.when?.(c) ?? true) ? row.due(c) : undefined
    if (due !== undefined && (first === undefined || due < first)) first = due
  }
  return first
}

/** What the log calls an event. */
function describe(event: Event): string {
  if (event.kind === 'hook') return `hook /prestop/${event.who}`
  if (event.kind === 'signal') return event.name
  return event.kind === 'drain' ? 'operator' : event.kind
}

/**
 * The rows of one cell. Rows are only tried on states of their own phase, which the type of TABLE cannot express here.
 */
function rows(table: Table, phase: Phase, cause: Cause): readonly Row<State>[] {
  return (table[phase][cause] ?? []) as readonly Row<State>[]
}

function fitting(candidates: readonly Row<State>[], c: Case<State>): Row<State> | undefined {
  return candidates.find((row) => {
    if (row.when?.(c) === false) return false
    return row.due === undefined || (row.due(c) ?? Infinity) <= c.view.now
  })
}

/** The state with the facts of the event, before any row is tried. */
function noted(state: State, event: Event, now: number): State {
  if (state.phase === 'serving') {
    if (event.kind === 'app-up' || event.kind === 'app-down')
      return { ...state, appUp: event.kind === 'app-up' }
    return state
  }
  if (!('drain' in state)) return state
  const drain = told(state.drain, event, now, state.budget)
  if (state.phase === 'draining' && event.kind === 'idle-closed') return { ...state, drain, closing: false }
  return { ...state, drain }
}

/** The state of a phase when it is entered. */
function entered(to: Phase, from: State, event: Event, view: View): State {
  const { budget } = from
  if (to === 'starting') return { phase: to, budget }
  if (to === 'exited') return { phase: to, budget, code: view.inFlight > 0 ? 1 : 0 }
  const appUp = 'drain' in from ? from.drain.appUp : from.phase === 'serving' && from.appUp
  if (to === 'serving') return { phase: to, budget, appUp: appUp || event.kind === 'app-up' }
  const known = 'drain' in from ? from.drain : begun(event, appUp, view.now, budget)
  const drain = { ...known, settled: known.settled || to === 'draining' || from.phase === 'starting' }
  const common = { budget, since: view.now, drain }
  if (to === 'draining') return { phase: to, ...common, closing: false }
  if (to !== 'exiting') return { phase: to, ...common }
  return { phase: to, ...common, idleClosedAt: from.phase === 'drained' ? from.since : view.now }
}

/** What the effects ask for becomes part of the state. */
function asked(acts: readonly Act[], state: State, now: number): State {
  if (state.phase === 'draining' && acts.includes('close-idle')) return { ...state, closing: true }
  if (acts.includes('forget-hooks') && 'drain' in state)
    return { ...state, drain: onlyOperators(state.drain) }
  if (!acts.includes('answer-hooks') || !('drain' in state) || state.drain.hooks.kind !== 'waiting')
    return state
  return { ...state, drain: { ...state.drain, hooks: { kind: 'answered', at: now } } }
}

/** The effects of a row besides its move. Hooks are answered, and requests cut, only if there are any. */
function acted(acts: readonly Act[], from: State, to: State, view: View): Effect[] {
  const effects: Effect[] = []
  for (const kind of acts) {
    if (kind === 'exit') effects.push({ kind, code: to.phase === 'exited' ? to.code : 0 })
    else if (kind === 'verdict') effects.push({ kind, ...summary(from) })
    else if (kind === 'false-alarm') effects.push({ kind, calls: 'drain' in from ? from.drain.calls : [] })
    else if (kind === 'cut' && view.inFlight === 0) continue
    else if (kind === 'answer-hooks' && 'drain' in from && from.drain.hooks.kind !== 'waiting') continue
    else if (kind !== 'forget-hooks') effects.push({ kind })
  }
  return effects
}
