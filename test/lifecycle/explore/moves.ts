/**
 * What may happen next in a life, and what follows from it: an event, an arrival, time that passes. Plays the shell's part
 * as runner.ts and orders.ts do it: one step for each event, one timer, orders obeyed. Judges nothing.
 */
import { resumable } from '../../../src/proxy/lifecycle/readiness.ts'
import { concerns } from '../../../src/proxy/lifecycle/step.ts'
import type { Effect, Event, State, View } from '../../../src/proxy/lifecycle/state.ts'
import { obey, told } from './door.ts'
import { learned, noted } from './notes.ts'
import { type Door, type Notes, phaseOf, type Position, viewOf } from './position.ts'

/** The machine under exploration; the tests put mutants here. */
export interface Machine {
  readonly step: (state: State, event: Event, view: View) => { state: State; effects: readonly Effect[] }
  readonly wakeAt: (state: State, view: View) => number | undefined
  readonly ready: (state: State, appUp: boolean, policy: 'fail' | 'keep') => boolean
}

export interface Move {
  readonly name: string
  /** `time` passes without an event; `tick` is the timer's; `world` is clients and the shell's reports; the rest comes from outside. */
  readonly kind: 'time' | 'tick' | 'world' | 'app' | 'hook' | 'signal' | 'drain' | 'resume'
  readonly event?: Event
  may(p: Position): boolean
  /** The position with what has happened, before the machine hears of it. */
  happens?(p: Position): Position
}

/** `second`: the clock moves by whole seconds. `moments`: just before, at and (if timers may be late) after each timer. */
export interface Time {
  readonly by: 'second' | 'moments'
  /** So late may a timer be, in ms. */
  readonly late: number
}

const GRAIN_MS = 1000
const WHILE_MS = 100_000
const always = (): boolean => true

function passes(name: string, to: (p: Position) => number, late: number): Move {
  return {
    name,
    kind: 'time',
    may: (p) => p.now < to(p) && (p.timer === undefined || to(p) <= p.timer + late),
    happens: (p) => ({ ...p, now: to(p) }),
  }
}

function clock({ by, late }: Time): readonly Move[] {
  if (by === 'second') return [passes('a second passes', (p) => p.now + GRAIN_MS, late)]
  return [
    passes('just before the timer', (p) => (p.timer ?? p.now + WHILE_MS) - 1, late),
    passes('the timer is due', (p) => p.timer ?? p.now + WHILE_MS, late),
    ...(late > 0 ? [passes('the timer is late', (p) => (p.timer ?? Infinity) + late, late)] : []),
  ]
}

const from = '10.0.0.1'
/** Everything but time. */
const EVENTS: readonly Move[] = [
  {
    name: 'tick',
    kind: 'tick',
    event: { kind: 'tick' },
    may: (p) => p.timer !== undefined && p.timer <= p.now,
  },
  { name: 'app healthy', kind: 'app', event: { kind: 'app-up' }, may: (p) => !p.notes.up },
  { name: 'app unhealthy', kind: 'app', event: { kind: 'app-down' }, may: (p) => p.notes.up },
  { name: 'app gone', kind: 'app', event: { kind: 'app-gone' }, may: ({ door }) => sees(door, 'gone') },
  { name: 'app back', kind: 'app', event: { kind: 'app-back' }, may: ({ door }) => sees(door, 'there') },
  {
    name: 'app restarted',
    kind: 'app',
    event: { kind: 'app-restarted' },
    // All gone, all there again: that is `app back`.
    may: ({ door }) => door.watch === 'nothing' || door.watch === 'there',
  },
  { name: 'GET /prestop/app', kind: 'hook', event: { kind: 'hook', who: 'app', from }, may: always },
  { name: 'GET /prestop/sidecar', kind: 'hook', event: { kind: 'hook', who: 'sidecar', from }, may: always },
  { name: 'SIGTERM', kind: 'signal', event: { kind: 'signal', name: 'SIGTERM' }, may: always },
  { name: 'POST /drain', kind: 'drain', event: { kind: 'drain' }, may: always },
  { name: 'POST /resume', kind: 'resume', event: { kind: 'resume' }, may: (p) => resumable(p.state) },
  {
    name: 'a request arrives',
    kind: 'world',
    // Through an open listener, or on a connection that was kept.
    may: (p) => p.door.open || (p.connections > 0 && phaseOf(p) === 'draining'),
    happens: (p) => ({ ...p, inFlight: 1, connections: 1, lastArrivalAt: p.now }),
  },
  {
    name: 'the last request in flight finishes',
    kind: 'world',
    event: { kind: 'quiesced' },
    may: (p) => p.inFlight > 0,
    happens: (p) => ({ ...p, inFlight: 0 }),
  },
  {
    name: 'the last client hangs up',
    kind: 'world',
    event: { kind: 'lingered' },
    may: (p) => p.inFlight === 0 && p.connections > 0,
    happens: (p) => ({ ...p, connections: 0 }),
  },
  {
    name: 'idle connections are closed',
    kind: 'world',
    event: { kind: 'idle-closed' },
    may: (p) => p.sweeping,
    happens: (p) => ({ ...p, sweeping: false }),
  },
]

/** Everything that may happen, some time; `may` says when. */
export function movesOf(time: Time): readonly Move[] {
  return [...clock(time), ...EVENTS]
}

function sees({ watch }: Door, what: 'gone' | 'there'): boolean {
  return watch !== 'off' && watch !== what
}

/** One move, and what the machine made of it. */
export interface Played {
  readonly move: Move
  readonly before: Position
  readonly after: Position
  /** What the onlooker knew when the machine answered. */
  readonly notes: Notes
  /** Whether the machine was asked; else it could do nothing. */
  readonly stepped: boolean
  readonly effects: readonly Effect[]
  /** What was in flight when the machine answered. */
  readonly inFlight: 0 | 1
  /** Orders for what was so already. */
  readonly repeated: boolean
}

/** Plays a move that may happen. */
export function play(machine: Machine, before: Position, move: Move): Played {
  const moved = move.happens?.(before) ?? before
  const { inFlight, now } = moved
  const { event } = move
  if (event === undefined || !heard(moved, event))
    return {
      move,
      before,
      after: moved,
      notes: moved.notes,
      stepped: false,
      effects: [],
      inFlight,
      repeated: false,
    }
  const notes = noted(moved, event)
  const view = viewOf(moved)
  const { state, effects } = machine.step(moved.state, event, view)
  const obeyed = obey(told(moved.door, event), effects)
  const ends = effects.some(({ kind }) => kind === 'cut')
  const after: Position = {
    state,
    now,
    lastArrivalAt: moved.lastArrivalAt,
    inFlight: ends ? 0 : inFlight,
    connections: ends ? 0 : moved.connections,
    timer: machine.wakeAt(state, view),
    sweeping: moved.sweeping || effects.some(({ kind }) => kind === 'close-idle'),
    door: obeyed.door,
    notes: learned(notes, effects, now),
  }
  return { move, before, after, notes, stepped: true, effects, inFlight, repeated: obeyed.repeated }
}

/** The runner spares the machine what cannot matter. */
function heard(p: Position, { kind }: Event): boolean {
  return (kind !== 'quiesced' && kind !== 'lingered') || concerns(phaseOf(p), kind)
}
