/**
 * The lifecycle as a table (DESIGN §3). Every rule that decides what lastcall does with its life is here.
 *
 * For each phase, TABLE lists what each event leads to. The rows under `always` are tried after every event, and again
 * after each move, until none fits; step.ts does that. docs/lifecycle.svg is drawn from TABLE.
 *
 * Anybody who reaches the admin port can call a hook. So a hook starts a drain, and the sidecar's own hook also refuses
 * new connections, but the process ends only after a signal, or when the app has ended in a drain with proof. If neither
 * follows within grace-period + 2 s, the hooks were a false alarm: nothing is cut and lastcall serves again, unless an
 * operator has drained it.
 *
 * Pure: no sockets, timers or logger; the time is in the view. Long, because it is one table.
 */
import { LINGER_MS } from '../process/linger.ts'
import { appStops, mayEnd, overAt, proven, signalled } from './drain.ts'
import type { DrainState, Event, Phase, State, View } from './state.ts'

/**
 * After draining this long without proof, hooks are answered: a hung app that the kubelet wants to restart must not
 * hold them for long.
 */
export const UNPROVEN_DRAINING_MS = 10_000

export interface Case<S> {
  readonly event: Event
  readonly state: S
  /** The state before the event was noted. */
  readonly before: S
  readonly view: View
}

/** One row of the table. It fits if `when` is true and the time of `due` has come (undefined: it never comes). */
export interface Row<S> {
  /** The name of the move in the log and the picture; by default the name of the event. */
  readonly says?: string
  readonly when?: (c: Case<S>) => boolean
  readonly due?: (c: Case<S>) => number | undefined
  /** The phase to move to; by default, stay. */
  readonly to?: Phase
  readonly also?: readonly Act[]
}
export type Act = 'close-idle' | 'answer-hooks' | 'false-alarm' | 'forget-hooks' | 'cut' | 'verdict' | 'exit'
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
/**
 * Only before a signal. An operator who knows that nobody stops this pod need not wait until the false alarm is
 * detected.
 */
const resumed: Row<DrainState> = {
  when: (c) => !signalled(c.state.drain),
  to: 'serving',
  also: ['answer-hooks', 'verdict'],
}
/** This hook or signal changes the drain: the kubelet has joined an operator's drain, or proof has come. */
const joins = (c: In): boolean =>
  proven(c.before.drain) !== stopping(c) || c.before.drain.clockAt === undefined
const joined: readonly Row<DrainState>[] = [
  // It drained early because the app had gone. Now the app is back, so clients may be back as well.
  {
    says: 'stop after a restart of the app',
    when: (c) => joins(c) && !c.state.drain.settled && !gone(c),
    to: 'settling',
  },
  // Checks again whether anything is in flight.
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
/**
 * A drain by hooks is over, and lastcall serves again. If an operator has drained it too, it stays drained: only the
 * operator can undo that.
 */
function undone(row: Undoing, also: readonly Act[]): readonly Row<DrainState>[] {
  const { when } = row
  return [
    { ...row, when: (c) => byOperator(c) && when(c), also: [...also, 'forget-hooks'] },
    { ...row, to: 'serving', also: [...also, 'verdict'] },
  ]
}
/**
 * Neither a signal nor the end of the app has followed. If the app's stop was expected and the app has gone, lastcall
 * waits for it to come back.
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
/** Hooks wait until lastcall is drained; those that come later are answered at once. */
const answerHooks: Row<DrainState> = { when: waiting, also: ['answer-hooks'] }
/**
 * The app has gone, so nothing more can be served. Without proof it may come back, so lastcall does not wait in this
 * phase.
 */
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
    // The app was never healthy, so the pod was never in the endpoints: there is nothing to settle, and stopping the
    // app loses nothing.
    signal: [{ to: 'draining' }],
    hook: [
      {
        says: 'hook /prestop/sidecar',
        when: ({ event }) => event.kind === 'hook' && event.who === 'sidecar',
        to: 'draining',
      },
      // Waiting requests keep waiting: this app is about to be stopped, healthy or not.
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
    // If a request arrived at the last moment, it is served first, and idle connections are closed again.
    'idle-closed': [{ says: 'nothing in flight', when: (c) => stopping(c) && idle(c), to: 'drained' }],
    always: [
      deadline,
      // Comes before idle connections are closed, because a false alarm keeps them.
      ...falseAlarm,
      // The order matters: first the listener, then the last connections, and then the app, when its hook is answered.
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
      // lastcall is already exiting: it exits even if the app comes back now.
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

/** When a drain without proof stops waiting for requests in flight; never later than the hook deadline. */
function unprovenLimit(c: In): number | undefined {
  const { clockAt } = c.state.drain
  if (clockAt === undefined) return undefined
  const from = Math.max(c.state.since, clockAt)
  return Math.min(from + UNPROVEN_DRAINING_MS, Math.max(from, clockAt + c.state.budget.hookDeadlineMs))
}

/** When an app without a hook should have ended; only the signal tells when the kubelet asked it to stop. */
function appStopOver({ state: { since, drain, budget: of } }: In): number | undefined {
  return drain.signalAt === undefined ? undefined : Math.max(since, drain.signalAt) + of.appStopMs
}
