/**
 * One position in a life of lastcall: the machine's state, the facts that it sees, the door as its orders have left it,
 * and the notes of an onlooker who knows only what was sent in and what came out. Counts are 0 or 1 (none, some).
 * `keyOf` says which positions are the same: times count only relative to now, and only as long as something waits for them.
 */
import type { Budget } from '../../../src/proxy/lifecycle/budget.ts'
import { UNPROVEN_DRAINING_MS } from '../../../src/proxy/lifecycle/machine.ts'
import { initial } from '../../../src/proxy/lifecycle/step.ts'
import {
  type ClientMode,
  type Phase,
  PHASES,
  type State,
  type View,
} from '../../../src/proxy/lifecycle/state.ts'
import { LINGER_MS } from '../../../src/proxy/process/linger.ts'

/** What the shell does at the moment, as ordered. */
export interface Door {
  readonly open: boolean
  readonly clientMode: ClientMode
  readonly queues: boolean
  readonly appLost: boolean
  /** What the watch of the app's address has told since it began; it tells changes only. */
  readonly watch: 'off' | 'nothing' | 'gone' | 'there'
}

/** Of the drain that lasts; `undefined` times have not come. */
export interface Notes {
  /** The health judge's last word. */
  readonly up: boolean
  /** When the phase began. */
  readonly since: number
  /** When `drained` was last entered: the idle connections were closed by then. */
  readonly drainedAt: number
  readonly drainAt: number | undefined
  /** When the one deadline began to run: the kubelet's first trigger. */
  readonly clockAt: number | undefined
  readonly signalAt: number | undefined
  readonly signals: 0 | 1 | 2
  readonly appCalled: boolean
  readonly sidecarCalled: boolean
  readonly operator: boolean
  /** The drain began before the app was ever healthy: nothing is owed to the endpoints. */
  readonly early: boolean
  readonly app: 'there' | 'gone' | 'back'
  /** The app has been seen: only what was there can have ended. */
  readonly met: boolean
  readonly hooks: 'none' | 'waiting' | 'answered'
}

export interface Position {
  readonly state: State
  readonly now: number
  readonly inFlight: 0 | 1
  readonly connections: 0 | 1
  readonly lastArrivalAt: number
  /** When the shell ticks: armed after each step, like the runner's. */
  readonly timer: number | undefined
  /** close-idle was ordered, and has not been reported done. */
  readonly sweeping: boolean
  readonly door: Door
  readonly notes: Notes
}

export const NO_DRAIN = {
  drainAt: undefined,
  clockAt: undefined,
  signalAt: undefined,
  signals: 0,
  appCalled: false,
  sidecarCalled: false,
  operator: false,
  early: false,
  app: 'there',
  hooks: 'none',
} as const

/** The beginning of every life. */
export function first(budget: Budget): Position {
  return {
    state: initial(budget),
    now: 0,
    inFlight: 0,
    connections: 0,
    lastArrivalAt: -Infinity,
    timer: undefined,
    sweeping: false,
    door: { open: true, clientMode: 'serving', queues: true, appLost: false, watch: 'off' },
    notes: { ...NO_DRAIN, up: false, met: false, since: 0, drainedAt: 0 },
  }
}

export function viewOf({ now, inFlight, lastArrivalAt, connections }: Position): View {
  return { now, inFlight, lastArrivalAt, connections }
}

export function phaseOf(position: Position): Phase {
  return position.state.phase
}

export function provenTo({ sidecarCalled, signals }: Notes): boolean {
  return sidecarCalled || signals > 0
}

/** The same text for positions that have the same future: 16 bits a character, short enough to look up by the million. */
export function keyOf(p: Position): string {
  const { state, now, door, notes: n } = p
  const { phase, budget } = state
  const world = bits(PHASES.indexOf(phase), 3, p.inFlight, 1, p.connections, 1, +p.sweeping, 1)
  const orders = bits(+door.open, 1, MODES.indexOf(door.clientMode), 2, +door.queues, 1, +door.appLost, 1)
  const watch = bits(orders, 5, WATCH.indexOf(door.watch), 2)
  const calls = bits(n.signals, 2, +n.appCalled, 1, +n.sidecarCalled, 1, +n.operator, 1)
  const facts = bits(+n.early, 1, +n.up, 1, +n.met, 1, APP.indexOf(n.app), 2, HOOKS.indexOf(n.hooks), 2)
  const timer = ago(now, p.timer, Infinity)
  if (!('drain' in state))
    return String.fromCharCode(bits(world, 6, watch, 7), bits(calls, 5, facts, 7), inside(state), timer)
  const { drain } = state
  const { settleMs, quietMs, falseAlarmMs } = budget
  const cap = longest(phase, budget)
  return String.fromCharCode(
    bits(world, 6, watch, 7),
    bits(calls, 5, facts, 7),
    inside(state),
    timer,
    // What came before lame duck does not prolong it.
    phase === 'lame-duck' ? ago(now, Math.max(state.since, p.lastArrivalAt), quietMs) : 0,
    ago(now, n.drainAt, settleMs + quietMs),
    ago(now, n.clockAt, falseAlarmMs),
    ago(now, n.signalAt, Infinity),
    ago(now, phase === 'exiting' ? n.drainedAt : n.since, cap),
    ago(now, drain.clockAt, falseAlarmMs),
    ago(now, drain.signalAt, Infinity),
    ago(now, state.phase === 'exiting' ? state.idleClosedAt : state.since, cap),
  )
}

const MODES: readonly ClientMode[] = ['serving', 'lame-duck', 'draining']
const WATCH: readonly Door['watch'][] = ['off', 'nothing', 'gone', 'there']
const APP: readonly Notes['app'][] = ['there', 'gone', 'back']
const HOOKS: readonly Notes['hooks'][] = ['none', 'waiting', 'answered']
const NEVER = 0xffff

/** The distance of two moments in ms, one character; `cap`: when it no longer matters how long ago it was. */
function ago(now: number, at: number | undefined, cap: number): number {
  return at === undefined ? NEVER : Math.min(Math.abs(now - at), cap, NEVER - 1)
}

/** Numbers side by side in one: each is followed by how many bits it has. */
function bits(...fields: number[]): number {
  let packed = 0
  for (let i = 0; i < fields.length; i += 2) packed = (packed << fields[i + 1]!) | fields[i]!
  return packed
}

/** How long anything waits from the beginning of a phase; after that it does not matter when it began. */
function longest(phase: Phase, of: Budget): number {
  if (phase === 'settling') return of.settleMs
  if (phase === 'lame-duck') return of.lameDuckMaxMs
  if (phase === 'draining') return Math.min(UNPROVEN_DRAINING_MS, of.hookDeadlineMs)
  return Math.max(LINGER_MS, of.appStopMs)
}

/** The machine's own state without its times; the order of triggers and the addresses of hooks decide nothing. */
function inside(state: State): number {
  if (state.phase === 'serving') return +state.appUp
  if (state.phase === 'exited') return state.code
  if (!('drain' in state)) return 0
  const { drain } = state
  let triggers = 0
  for (const trigger of drain.triggers) triggers |= TRIGGER_BITS[trigger]
  const app = bits(APP.indexOf(drain.app), 2, +drain.appUp, 1, +drain.appMet, 1, +drain.settled, 1)
  const closing = state.phase === 'draining' && state.closing
  return bits(triggers, 4, app, 5, HOOKS.indexOf(drain.hooks.kind), 2, +closing, 1)
}

const TRIGGER_BITS = { app: 1, sidecar: 2, signal: 4, operator: 8 } as const
