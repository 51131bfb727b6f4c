/**
 * What a promise asks about one move: what was ordered, which time has come, what the onlooker's notes permit. The rules are
 * DESIGN §3, written a second time, without a look at the machine's.
 */
import { type Budget, EXIT_RESERVE_MS, LEAST_GRACE_MS } from '../../../src/proxy/lifecycle/budget.ts'
import { UNPROVEN_DRAINING_MS } from '../../../src/proxy/lifecycle/machine.ts'
import type { Effect, Phase } from '../../../src/proxy/lifecycle/state.ts'
import type { Played } from './moves.ts'
import { type Notes, phaseOf, provenTo } from './position.ts'

export function did({ effects }: Played, kind: Effect['kind']): boolean {
  return effects.some((effect) => effect.kind === kind)
}

export function moved({ effects }: Played): Extract<Effect, { kind: 'moved' }>[] {
  return effects.filter((effect) => effect.kind === 'moved')
}

export function moves({ effects }: Played, to: Phase): boolean {
  return effects.some((effect) => effect.kind === 'moved' && effect.to === to)
}

export function phaseBefore({ before }: Played): Phase {
  return phaseOf(before)
}

export function was(p: Played, phase: Phase): boolean {
  return phaseBefore(p) === phase
}

export function drains(phase: Phase): boolean {
  return phase !== 'starting' && phase !== 'serving' && phase !== 'exited'
}

export function now({ after }: Played): number {
  return after.now
}

export function budgetOf({ before }: Played): Budget {
  return before.state.budget
}

/** Whether a moment has gone by without what was due then: at once after a step, else when a timer could no longer be late. */
export function past(p: Played, at: number, late: number): boolean {
  return p.stepped ? now(p) >= at : now(p) > at + late
}

export function mayEnd(notes: Notes): boolean {
  return notes.signals > 0 || (notes.sidecarCalled && notes.app === 'gone' && notes.met)
}

/** The moment when a drain of the kubelet is over, whatever is in flight. */
export function overAt(p: Played): number {
  const { clockAt, signalAt, app } = p.notes
  const { falseAlarmMs, cutMs } = budgetOf(p)
  if (clockAt === undefined) return Infinity
  if (signalAt === undefined) return clockAt + falseAlarmMs
  // With the app still there at the deadline, the hook was not the kubelet's: the stop begins with the signal.
  if (signalAt >= clockAt + cutMs && app !== 'gone') return signalAt + cutMs
  return Math.max(clockAt + cutMs, signalAt + LEAST_GRACE_MS - EXIT_RESERVE_MS)
}

export function forced(p: Played): boolean {
  if (p.notes.signals === 2 && p.move.kind === 'signal') return true
  return (mayEnd(p.notes) || was(p, 'exiting')) && now(p) >= overAt(p)
}

export function mayAnswer(p: Played): boolean {
  const { clockAt, app, early } = p.notes
  if (p.move.kind === 'resume' || clockAt === undefined) return true
  if (now(p) >= clockAt + budgetOf(p).hookDeadlineMs || was(p, 'exited')) return true
  if (provenTo(p.notes)) return false
  const hung = was(p, 'draining') && now(p) >= Math.max(p.before.notes.since, clockAt) + UNPROVEN_DRAINING_MS
  // What is in flight waits at the door for an app that is away, was never there, or is already told to stop.
  return hung || app === 'gone' || early || p.before.notes.hooks === 'answered'
}

export function mayServe(p: Played): boolean {
  const { signals, clockAt, app, up } = p.notes
  if (signals > 0) return false
  if (p.move.kind === 'resume') return true
  return (app === 'back' && up) || (clockAt !== undefined && now(p) >= overAt(p))
}

/** DESIGN §3, the columns "new connections" and "what clients are told". */
export function doorStands({ after: { door, notes, state }, effects }: Played): boolean {
  const { phase } = state
  if (phase === 'exited') return !door.open && !door.queues && door.watch === 'off'
  const proof = provenTo(notes)
  const refuses = phase === 'exiting' || ((phase === 'draining' || phase === 'drained') && proof)
  const told =
    phase === 'lame-duck'
      ? 'lame-duck'
      : phase === 'draining' || phase === 'drained' || phase === 'exiting'
        ? 'draining'
        : 'serving'
  const queues = phase === 'starting' || (phase === 'drained' && notes.appCalled && !proof)
  const watches = drains(phase) && phase !== 'exiting' && (proof || notes.appCalled)
  const lost = drains(phase) && proof && notes.app === 'gone'
  // The listener first: whoever is told to leave must not come back here.
  const leave = effects.findIndex(
    (effect) => effect.kind === 'client-mode' && effect.clientMode === 'draining',
  )
  const listenerFirst = leave < 0 || !effects.slice(leave).some(({ kind }) => kind === 'close-listener')
  return (
    door.open === !refuses &&
    door.clientMode === told &&
    door.queues === queues &&
    door.appLost === lost &&
    (door.watch !== 'off') === watches &&
    listenerFirst
  )
}
