/**
 * The lifecycle (DESIGN §3), pure. Rule 1: everything that decides what lastcall does with its life is here.
 *
 * TABLE says for each phase what each event leads to; its `always` rows are tried after every event, and again after
 * each move, until none fits. The facts of a drain (drain.ts: who asked, is the app there) are noted first, the same
 * in every phase. The effects of a move are the change of traffic (traffic.ts), then what its row asks for.
 * docs/lifecycle.svg is drawn from TABLE.
 *
 * Anybody who reaches the admin port can call a hook. So a hook drains, and the sidecar's own also refuses new
 * connections; but the process ends only after a signal, or when the app has ended in a drain with proof. A drain by
 * hooks alone that neither has followed by grace-period + 2 s was a false alarm: nothing is cut, and lastcall serves
 * (an operator's drain goes on).
 *
 * Knows no sockets, timers or logger: time is in the view, and `wakeAt` says when to come back.
 */
import { LINGER_MS } from '../process/linger.ts'
import type { Budget } from './budget.ts'
import { appStops, begun, mayEnd, onlyOperators, overAt, proven, signalled, summary, told } from './drain.ts'
import { traffic, turned } from './traffic.ts'
import type { DrainState, Effect, Event, Phase, State, View } from './state.ts'

/** Without proof, hooks are answered after so much draining: a hung app that is to be restarted must not hold them long. */
export const UNPROVEN_DRAINING_MS = 10_000

interface Case<S> {
  readonly event: Event
  readonly state: S
  /** The state before the event was noted. */
  readonly before: S
  readonly view: View
}

/** One line of the table: fits if `when` holds and the time of `due` has come (undefined: it never comes). */
export interface Row<S> {
  /** For the log and the picture; the event's own name where absent. */
  readonly says?: string
  readonly when?: (c: Case<S>) => boolean
  readonly due?: (c: Case<S>) => number | undefined
  /** The phase to move to; absent: stay. */
  readonly to?: Phase
  readonly also?: readonly Act[]
}
type Act = 'close-idle' | 'answer-hooks' | 'false-alarm' | 'forget-hooks' | 'cut' | 'verdict' | 'exit'
export type Cause = Event['kind'] | 'always'
export type Table = {
  readonly [P in Phase]: { readonly [C in Cause]?: readonly Row<Extract<State, { phase: P }>>[] }
}

type In = Case<DrainState>
const stopping = (c: In): boolean => proven(c.state.drain)
const restarting = (c: In): boolean => appStops(c.state.drain)
const gone = (c: In): boolean => c.state.drain.app === 'gone'
const waiting = (c: In): boolean => c.state.drain.hooks.kind === 'waiting'
const idle = (c: In): boolean => c.view.inFlight === 0
const byOperator = (c: In): boolean => c.state.drain.triggers.includes('operator')
const closing = (c: In): boolean => c.state.phase === 'draining' && c.state.closing
const sinceFirstTrigger = (c: In, ms: number): number | undefined =>
  c.state.drain.clockAt === undefined ? undefined : c.state.drain.clockAt + ms

const END = ['answer-hooks', 'cut', 'verdict', 'exit'] as const

const secondSignal: Row<DrainState> = {
  says: 'second signal',
  when: (c) => c.before.drain.triggers.includes('signal'),
  to: 'exited',
  also: END,
}
/** Before a signal: an operator who knows that nobody stops this pod need not wait for the false alarm to end. */
const resumed: Row<DrainState> = {
  when: (c) => !signalled(c.state.drain),
  to: 'serving',
  also: ['answer-hooks', 'verdict'],
}
/** With this hook or signal the drain has become another: the kubelet joined an operator's, or proof came. */
const joins = (c: In): boolean =>
  proven(c.before.drain) !== stopping(c) || c.before.drain.clockAt === undefined
const joined: readonly Row<DrainState>[] = [
  // It was drained early because the app had gone; the app is there again, and so may clients be.
  {
    says: 'stop after a restart of the app',
    when: (c) => joins(c) && !c.state.drain.settled && !gone(c),
    to: 'settling',
  },
  // That nothing is in flight is seen anew.
  { when: joins, to: 'draining' },
]
const deadline: Row<DrainState> = {
  says: 'deadline',
  when: (c) => mayEnd(c.state.drain),
  due: (c) => overAt(c.state.drain, c.state.budget),
  to: 'exited',
  also: END,
}
type Undoing = Omit<Row<DrainState>, 'to' | 'when'> & Required<Pick<Row<DrainState>, 'when'>>
/** What hooks began is over: then lastcall serves, unless an operator has drained it, who alone takes that back. */
function undone(row: Undoing, also: readonly Act[]): readonly Row<DrainState>[] {
  const { when } = row
  return [
    { ...row, when: (c) => byOperator(c) && when(c), also: [...also, 'forget-hooks'] },
    { ...row, to: 'serving', also: [...also, 'verdict'] },
  ]
}
/**
 * Neither a signal nor the app's end has followed. An app whose stop is expected and that has gone is waited for: it
 * may come back.
 */
const falseAlarm = undone(
  {
    says: 'false alarm',
    when: (c) => !mayEnd(c.state.drain) && !(restarting(c) && c.state.drain.app !== 'there'),
    due: (c) => overAt(c.state.drain, c.state.budget),
  },
  ['answer-hooks', 'false-alarm'],
)
const hookDeadline: Row<DrainState> = {
  when: waiting,
  due: (c) => sinceFirstTrigger(c, c.state.budget.hookDeadlineMs),
  also: ['answer-hooks'],
}
/** Drained is what hooks wait for; those that come later are answered at once. */
const answerHooks: Row<DrainState> = { when: waiting, also: ['answer-hooks'] }
/** Nothing more can be served. Without proof the app may come back, so there is nothing to be waited for here. */
const appIsGone: readonly Row<DrainState>[] = [
  { says: 'app gone', when: (c) => gone(c) && stopping(c), to: 'draining' },
  {
    says: 'app gone, no proof',
    when: (c) => gone(c) && restarting(c),
    to: 'drained',
  },
]

export const TABLE: Table = {
  starting: {
    'app-up': [{ to: 'serving' }],
    // Never healthy, so never in the endpoints: there is nothing to settle, and an app that stops takes nothing along.
    signal: [{ to: 'draining' }],
    hook: [
      {
        says: 'hook /prestop/sidecar',
        when: ({ event }) => event.kind === 'hook' && event.who === 'sidecar',
        to: 'draining',
      },
      // What waits at the door waits on: this app is about to be stopped, healthy or not.
      { says: 'hook /prestop/app', to: 'drained' },
    ],
    drain: [{ to: 'draining' }],
  },
  serving: {
    hook: [{ to: 'settling' }],
    signal: [{ to: 'settling' }],
    drain: [{ to: 'settling' }],
  },
  settling: {
    signal: [secondSignal],
    resume: [resumed],
    always: [
      deadline,
      hookDeadline,
      ...appIsGone,
      { says: 'settle is over', due: (c) => c.state.since + c.state.budget.settleMs, to: 'lame-duck' },
    ],
  },
  'lame-duck': {
    signal: [secondSignal],
    resume: [resumed],
    always: [
      deadline,
      hookDeadline,
      ...appIsGone,
      {
        says: 'quiet',
        due: (c) => Math.max(c.state.since, c.view.lastArrivalAt) + c.state.budget.quietMs,
        to: 'draining',
      },
      { says: 'lame-duck-max', due: (c) => c.state.since + c.state.budget.lameDuckMaxMs, to: 'draining' },
    ],
  },
  draining: {
    signal: [secondSignal],
    resume: [resumed],
    // A request that came at the last moment is served first; then there is another try.
    'idle-closed': [{ says: 'nothing in flight', when: (c) => stopping(c) && idle(c), to: 'drained' }],
    always: [
      deadline,
      // Before idle connections are closed: those of a false alarm are kept.
      ...falseAlarm,
      // The listener goes first, then the last connections, and only then, by the answer to its hook, the app.
      { when: (c) => stopping(c) && idle(c) && !closing(c), also: ['close-idle'] },
      {
        says: 'nothing in flight',
        when: (c) => !stopping(c) && idle(c),
        to: 'drained',
      },
      ...appIsGone.filter((row) => row.to !== 'draining'),
      { says: '10 s, no proof', when: restarting, due: unprovenLimit, to: 'drained' },
      hookDeadline,
    ],
  },
  drained: {
    hook: joined,
    signal: [secondSignal, ...joined],
    resume: [resumed],
    always: [
      deadline,
      answerHooks,
      { says: 'app gone', when: (c) => gone(c) && mayEnd(c.state.drain), to: 'exiting' },
      {
        says: 'app-stop, no hook of the app',
        when: (c) => !c.state.drain.triggers.includes('app'),
        due: appStopOver,
        to: 'exiting',
      },
      ...undone(
        {
          says: 'app back and healthy',
          when: (c) => restarting(c) && c.state.drain.app === 'back' && c.state.drain.appUp,
        },
        [],
      ),
      ...falseAlarm,
    ],
  },
  exiting: {
    signal: [secondSignal],
    always: [
      // The way out has been taken; should the app come back now, it is left all the same.
      { ...deadline, when: () => true },
      answerHooks,
      {
        says: 'clients gone',
        when: (c) => idle(c) && c.view.connections === 0,
        to: 'exited',
        also: ['verdict', 'exit'],
      },
      {
        says: 'linger is over',
        when: idle,
        due: (c) => (c.state.phase === 'exiting' ? c.state.idleClosedAt + LINGER_MS : undefined),
        to: 'exited',
        also: ['verdict', 'exit'],
      },
    ],
  },
  exited: { hook: [{ also: ['answer-hooks'] }] },
}

/** When a drain without proof stops waiting for what is in flight; never later than the hook deadline. */
function unprovenLimit(c: In): number | undefined {
  const { clockAt } = c.state.drain
  if (clockAt === undefined) return undefined
  const from = Math.max(c.state.since, clockAt)
  return Math.min(from + UNPROVEN_DRAINING_MS, Math.max(from, clockAt + c.state.budget.hookDeadlineMs))
}

/** When an app that was told to stop with us, and has no hook, should have been gone. Only the signal tells it. */
function appStopOver({ state: { since, drain, budget: of } }: In): number | undefined {
  return drain.signalAt === undefined ? undefined : Math.max(since, drain.signalAt) + of.appStopMs
}

/** The state before anything has happened. */
export function initial(budget: Budget): State {
  return { phase: 'starting', budget }
}

/** 200 or 503 for the kubelet (DESIGN §4): `keep` holds on until draining. */
export function ready(state: State, appUp: boolean, policy: 'fail' | 'keep'): boolean {
  const kept = policy === 'keep' && (state.phase === 'settling' || state.phase === 'lame-duck')
  return appUp && (state.phase === 'serving' || kept)
}

/** 200 or 503 for load balancers that probe the traffic port: fails at the first moment of a drain. */
export function lbHealthy(state: State, appUp: boolean): boolean {
  return ready(state, appUp, 'fail')
}

/**
 * Whether an operator's resume can be taken (else 409): not after a signal, nor once the exit has begun. The hook of
 * the sidecar alone does not stand in the way, as it may have been anybody's call.
 */
export function resumable(state: State): boolean {
  if ('drain' in state) return state.phase !== 'exiting' && !signalled(state.drain)
  return state.phase !== 'exited'
}

/** Whether such a moment can matter in this phase: spares the shell a step for each of the thousands in serving. */
export function concerns(phase: Phase, kind: 'quiesced' | 'lingered'): boolean {
  return rows(TABLE, phase, kind).length > 0 || rows(TABLE, phase, 'always').length > 0
}

/** One event: the next state, and what the shell has to do, in this order. Only tests give another table. */
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
  // Every chain of `always` rows ends in a phase that waits; the bound only says so.
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

/** When the next `tick` is due, or undefined if only an event can change anything. */
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

/** The rows of one cell. A row is only ever tried on a state of its own phase, which the type of TABLE cannot carry here. */
function rows(table: Table, phase: Phase, cause: Cause): readonly Row<State>[] {
  return (table[phase][cause] ?? []) as readonly Row<State>[]
}

function fitting(candidates: readonly Row<State>[], c: Case<State>): Row<State> | undefined {
  return candidates.find((row) => {
    if (row.when?.(c) === false) return false
    return row.due === undefined || (row.due(c) ?? Infinity) <= c.view.now
  })
}

/** The state with what the event tells, before any row is tried. */
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

/** The state of a phase on entering it. */
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

/** What the shell has been asked for is part of the state. */
function asked(acts: readonly Act[], state: State, now: number): State {
  if (state.phase === 'draining' && acts.includes('close-idle')) return { ...state, closing: true }
  if (acts.includes('forget-hooks') && 'drain' in state)
    return { ...state, drain: onlyOperators(state.drain) }
  if (!acts.includes('answer-hooks') || !('drain' in state) || state.drain.hooks.kind !== 'waiting')
    return state
  return { ...state, drain: { ...state.drain, hooks: { kind: 'answered', at: now } } }
}

/** What a row asks for beside the move; nothing is answered or cut where there is nothing. */
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
