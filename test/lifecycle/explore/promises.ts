/**
 * The promises of DESIGN §3 (and readiness, §4) as named predicates over one move: the onlooker's notes, what came out,
 * and the door. None looks at what the machine knows of its drain. Those over whole lives are in ways.ts.
 */
import { lbHealthy } from '../../../src/proxy/lifecycle/readiness.ts'
import { LINGER_MS } from '../../../src/proxy/process/linger.ts'
import type { Machine, Played } from './moves.ts'
import {
  did,
  moved,
  moves,
  phaseBefore,
  was,
  drains,
  now,
  budgetOf,
  past,
  mayEnd,
  overAt,
  forced,
  mayAnswer,
  mayServe,
  doorStands,
} from './permits.ts'
import { phaseOf, provenTo } from './position.ts'

export interface Vow {
  readonly name: string
  /** Whether this move keeps it. `late`: how late a timer may be in this world, in ms. */
  holds(played: Played, machine: Machine, late: number): boolean
}

export const PROMISES: readonly Vow[] = [
  {
    name: 'it ends only after a signal, or when the app has ended in a drain with proof',
    holds: (p) => (!moves(p, 'exiting') && !did(p, 'exit')) || mayEnd(p.notes) || was(p, 'exiting'),
  },
  {
    name: 'it ends with work in flight only at the deadline or at a second signal',
    holds: (p) => !did(p, 'exit') || p.inFlight === 0 || forced(p),
  },
  {
    name: 'the exit begins only when nothing is in flight',
    holds: (p) => !moves(p, 'exiting') || p.inFlight === 0,
  },
  {
    name: 'what is in flight at the end is cut, then counted, then told by the exit code',
    holds(p) {
      const exit = p.effects.find(({ kind }) => kind === 'exit')
      if (exit === undefined) return !did(p, 'cut')
      const ends = p.effects
        .map(({ kind }) => kind)
        .filter((kind) => kind === 'cut' || kind === 'verdict' || kind === 'exit')
      const owed = p.inFlight > 0 ? ['cut', 'verdict', 'exit'] : ['verdict', 'exit']
      return ends.join() === owed.join() && exit.kind === 'exit' && exit.code === p.inFlight
    },
  },
  {
    name: 'the exit is the last of it',
    holds: (p) =>
      was(p, 'exited')
        ? phaseOf(p.after) === 'exited' && p.effects.every(({ kind }) => kind === 'answer-hooks')
        : (phaseOf(p.after) === 'exited') === (p.effects.at(-1)?.kind === 'exit'),
  },
  {
    name: 'a drain ends with one verdict, and nothing else does',
    holds(p) {
      const ends = drains(phaseBefore(p)) || moved(p).some(({ to }) => drains(to))
      const over = ends && !drains(phaseOf(p.after))
      return p.effects.filter(({ kind }) => kind === 'verdict').length === (over ? 1 : 0)
    },
  },
  {
    name: 'an app that was told to stop is waited for, an app without a hook for app-stop',
    holds(p, _, late) {
      const { appCalled, app, signalAt } = p.notes
      const over = Math.max(p.after.notes.drainedAt, signalAt ?? Infinity) + budgetOf(p).appStopMs
      if (phaseOf(p.after) === 'drained') return appCalled || !past(p, over, late)
      return !moves(p, 'exiting') || app === 'gone' || (!appCalled && now(p) >= over)
    },
  },
  {
    name: 'an exit waits for its clients, and for 2 s at most',
    holds(p, _, late) {
      const over = p.after.notes.drainedAt + LINGER_MS
      if (phaseOf(p.after) === 'exiting') return p.inFlight > 0 || !past(p, over, late)
      if (!did(p, 'exit') || forced(p) || p.inFlight > 0) return true
      return p.before.connections === 0 || p.after.connections === 0 || now(p) >= over
    },
  },
  {
    name: 'after a signal it never lives past grace-period - 1 s',
    holds: (p, _, late) =>
      p.notes.signals === 0 || phaseOf(p.after) === 'exited' || !past(p, overAt(p), late),
  },
  {
    name: 'without a signal a drain of hooks is over by grace-period + 2 s, unless its app is away',
    holds(p, _, late) {
      const { notes } = p.after
      if (notes.clockAt === undefined || notes.signals > 0 || phaseOf(p.after) === 'exited') return true
      const patient = notes.appCalled && !provenTo(notes) && notes.app !== 'there'
      return patient || !past(p, notes.clockAt + budgetOf(p).falseAlarmMs, late)
    },
  },
  {
    name: 'a hook is answered over work in flight only for a reason',
    holds: (p) => !did(p, 'answer-hooks') || p.inFlight === 0 || forced(p) || mayAnswer(p),
  },
  {
    name: 'no hook waits beyond its deadline',
    holds(p, _, late) {
      const { clockAt, hooks } = p.after.notes
      return (
        hooks !== 'waiting' || clockAt === undefined || !past(p, clockAt + budgetOf(p).hookDeadlineMs, late)
      )
    },
  },
  {
    name: 'no hook is forgotten',
    holds: (p) => p.notes.hooks !== 'waiting' || p.after.notes.hooks === 'waiting' || did(p, 'answer-hooks'),
  },
  {
    name: 'in a proven stop the idle connections are closed before it is drained',
    holds: (p) => !provenTo(p.after.notes) || !moves(p, 'drained') || p.move.event?.kind === 'idle-closed',
  },
  {
    name: 'idle connections are closed behind a closed listener, when nothing is in flight',
    holds: (p) => !did(p, 'close-idle') || (!p.after.door.open && p.inFlight === 0),
  },
  {
    name: 'the listener closes only with proof of a stop, and opens again',
    holds: (p) => p.after.door.open || phaseOf(p.after) === 'exited' || provenTo(p.after.notes),
  },
  {
    name: 'the listener stays closed after a signal',
    holds: (p) => !did(p, 'open-listener') || p.notes.signals === 0,
  },
  {
    name: 'no client is refused before settle and quiet, unless the app is gone',
    holds(p) {
      if (!did(p, 'close-listener') || p.notes.early || p.notes.app === 'gone' || forced(p)) return true
      const { settleMs, quietMs, lameDuckMaxMs } = budgetOf(p)
      return now(p) >= (p.notes.drainAt ?? Infinity) + settleMs + Math.min(quietMs, lameDuckMaxMs)
    },
  },
  {
    name: 'lame duck lasts until quiet, and lame-duck-max at most',
    holds(p, _, late) {
      const { since } = p.before.notes
      const { quietMs, lameDuckMaxMs } = budgetOf(p)
      if (!was(p, 'lame-duck')) return true
      if (phaseOf(p.after) === 'lame-duck') return !past(p, since + lameDuckMaxMs, late)
      const quiet = Math.min(Math.max(since, p.after.lastArrivalAt) + quietMs, since + lameDuckMaxMs)
      return moved(p)[0]?.to !== 'draining' || p.notes.app === 'gone' || now(p) >= quiet
    },
  },
  {
    name: 'it serves again only when the app is back and healthy, the hook was a false alarm, or an operator says so',
    holds: (p) => !moves(p, 'serving') || !drains(phaseBefore(p)) || mayServe(p),
  },
  {
    name: 'only an operator takes back an operator’s drain',
    holds: (p) => !moves(p, 'serving') || !p.notes.operator || p.move.kind === 'resume',
  },
  {
    name: 'a false alarm names its callers, and there is none after a signal',
    holds: (p) =>
      p.effects.every(
        (effect) => effect.kind !== 'false-alarm' || (effect.calls.length > 0 && p.notes.signals === 0),
      ),
  },
  {
    name: 'a trigger drains',
    holds: (p) => p.after.notes.drainAt === undefined || phaseOf(p.after) !== 'serving',
  },
  {
    name: 'it is ready only while it serves a healthy app, or keeps on until draining',
    holds(p, { ready }) {
      const { state, notes } = p.after
      const { phase } = state
      const serves = phase === 'serving' && notes.drainAt === undefined
      const kept = serves || phase === 'settling' || phase === 'lame-duck'
      return (
        ready(state, true, 'fail') === serves &&
        ready(state, true, 'keep') === kept &&
        !ready(state, false, 'fail') &&
        !ready(state, false, 'keep') &&
        lbHealthy(state, true) === serves
      )
    },
  },
  { name: 'the door stands as the phase says', holds: (p) => doorStands(p) },
  { name: 'no order is given twice', holds: (p) => !p.repeated },
  {
    name: 'the moves that are told are those that are made',
    holds(p) {
      let at = phaseBefore(p)
      for (const { from, to } of moved(p)) {
        if (from !== at) return false
        at = to
      }
      return at === phaseOf(p.after)
    },
  },
  {
    name: 'the timer never stands still',
    holds: (p) => !p.stepped || p.after.timer === undefined || p.after.timer > now(p),
  },
]

/** The name of the first promise that a move breaks. */
export function broken(played: Played, machine: Machine, late: number): string | undefined {
  return PROMISES.find((promise) => !promise.holds(played, machine, late))?.name
}
