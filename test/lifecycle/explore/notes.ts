/** What the onlooker writes down: before the machine has answered, what it was told; then, what it did. */
import type { Budget } from '../../../src/proxy/lifecycle/budget.ts'
import type { Effect, Event, Phase } from '../../../src/proxy/lifecycle/state.ts'
import { NO_DRAIN, type Notes, type Position, provenTo } from './position.ts'

/** The notes with an event, before the machine has answered. */
export function noted({ notes, now, state, door }: Position, event: Event): Notes {
  switch (event.kind) {
    case 'app-up':
      return { ...notes, up: true, met: true, app: notes.app === 'gone' ? 'back' : notes.app }
    case 'app-down':
      return { ...notes, up: false }
    case 'app-gone':
      return { ...notes, app: 'gone' }
    case 'app-back':
      return { ...notes, met: true, app: notes.app === 'gone' ? 'back' : notes.app }
    case 'app-restarted':
      // In a pod that stops nobody starts a container again.
      return provenTo(notes) || door.watch === 'off' ? notes : { ...notes, met: true, app: 'back' }
    case 'hook':
    case 'signal':
    case 'drain':
      return state.phase === 'exited' ? notes : asked(notes, event, now, state.phase, state.budget)
    case 'resume':
    case 'tick':
    case 'quiesced':
    case 'idle-closed':
    case 'lingered':
      break
  }
  return notes
}

function asked(notes: Notes, event: Event, now: number, phase: Phase, { cutMs }: Budget): Notes {
  const begins = notes.drainAt === undefined
  const drain: Notes = {
    ...notes,
    drainAt: notes.drainAt ?? now,
    early: notes.early || phase === 'starting',
    met: begins ? notes.up : notes.met,
  }
  if (event.kind !== 'hook' && event.kind !== 'signal') return { ...drain, operator: true }
  const proves = !provenTo(notes) && (event.kind === 'signal' || event.who === 'sidecar')
  // A drain that has outlived its deadline without proof, or whose app has come back, was no stop of this pod: its clock
  // was another's.
  const outlived = notes.clockAt !== undefined && notes.clockAt + cutMs <= now
  const anew = proves && (outlived || notes.app === 'back')
  const clocked: Notes = { ...drain, clockAt: anew ? now : (notes.clockAt ?? now) }
  if (event.kind === 'signal')
    return { ...clocked, signalAt: notes.signalAt ?? now, signals: notes.signals === 0 ? 1 : 2 }
  const called = event.who === 'app' ? { appCalled: true } : { sidecarCalled: true }
  return { ...clocked, ...called, hooks: 'waiting' }
}

/** The notes with what came out. */
export function learned(before: Notes, effects: readonly Effect[], now: number): Notes {
  let notes = before
  let ends = false
  for (const effect of effects) {
    ends ||= effect.kind === 'moved' && (effect.to === 'exiting' || effect.to === 'exited')
    notes = after(notes, effect, now, ends)
  }
  return notes
}

function after(notes: Notes, effect: Effect, now: number, ends: boolean): Notes {
  if (effect.kind === 'answer-hooks' && notes.hooks === 'waiting') return { ...notes, hooks: 'answered' }
  // Nothing is expected of the app any more, and the drain goes on: the operator's.
  if (effect.kind === 'watch-app' && !effect.on && !ends && notes.operator) {
    const { drainAt, early } = notes
    return { ...notes, ...NO_DRAIN, drainAt, early, operator: true }
  }
  if (effect.kind !== 'moved') return notes
  const entered = { since: now, drainedAt: effect.to === 'drained' ? now : notes.drainedAt }
  return effect.to === 'serving' ? { ...notes, ...entered, ...NO_DRAIN } : { ...notes, ...entered }
}
