/**
 * The promises over whole lives: from each position that `from` names, some sequence of the moves that `by` names leads to
 * one that `to` names. What is in flight need never finish for it, and no client need leave.
 */
import type { Move } from './moves.ts'
import { phaseOf, type Position, provenTo } from './position.ts'

export interface Way {
  readonly name: string
  from(p: Position): boolean
  by(move: Move): boolean
  to(p: Position): boolean
}

const TIME = new Set<Move['kind']>(['time', 'tick'])
const byTime = ({ kind, event }: Move): boolean => TIME.has(kind) || event?.kind === 'idle-closed'
const unsignalled = ({ notes, state }: Position): boolean => notes.signals === 0 && state.phase !== 'exited'
const serves = (p: Position): boolean => phaseOf(p) === 'serving'
const ended = (p: Position): boolean => phaseOf(p) === 'exited'

export const WAYS: readonly Way[] = [
  {
    name: 'always a way out: one signal and time lead to the exit',
    from: () => true,
    by: (move) => byTime(move) || move.kind === 'signal',
    to: ended,
  },
  {
    name: 'after a signal time alone leads to the exit',
    from: ({ notes }) => notes.signals > 0,
    by: byTime,
    to: ended,
  },
  {
    name: 'a way back without a signal: by time alone while the app is there',
    from: (p) =>
      unsignalled(p) &&
      p.notes.clockAt !== undefined &&
      !p.notes.operator &&
      (p.notes.app === 'there' || provenTo(p.notes)),
    by: byTime,
    to: (p) => serves(p) || ended(p),
  },
  {
    name: 'a way back without a signal: an app that returns healthy is served',
    from: (p) => unsignalled(p) && !p.notes.operator && phaseOf(p) !== 'exiting',
    by: (move) => byTime(move) || move.event?.kind === 'app-back' || move.event?.kind === 'app-up',
    to: serves,
  },
  {
    name: 'a way back without a signal: an operator’s resume leads to serving at once',
    from: (p) => unsignalled(p) && phaseOf(p) !== 'exiting' && phaseOf(p) !== 'starting',
    by: (move) => move.kind === 'resume',
    to: serves,
  },
]
