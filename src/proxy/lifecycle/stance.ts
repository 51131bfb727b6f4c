/**
 * How the door stands in a state, pure: listener, posture, hold, watch (the table of DESIGN §3, columns "new
 * connections" and "what clients are told"). The machine emits the difference between two stances, so that nothing
 * that was switched on in one phase is forgotten in another.
 */
import { appStops, proven, watched } from './drain.ts'
import type { DrainState, Effect, Posture, State } from './state.ts'

export interface Stance {
  readonly listener: 'open' | 'closed'
  readonly posture: Posture
  readonly hold: boolean
  readonly appLost: boolean
  readonly watchApp: boolean
}

/** The stance that the shell starts with, before any effect. */
export const FIRST_STANCE: Stance = {
  listener: 'open',
  posture: 'serving',
  hold: false,
  appLost: false,
  watchApp: false,
}

const POSTURES: { readonly [P in DrainState['phase']]: Posture } = {
  settling: 'serving',
  'lame-duck': 'parting',
  draining: 'leaving',
  drained: 'leaving',
  exiting: 'leaving',
}

/** How the door has to stand in this state. */
export function stance(state: State): Stance {
  if (state.phase === 'starting') return { ...FIRST_STANCE, hold: true }
  if (state.phase === 'serving') return FIRST_STANCE
  if (state.phase === 'exited')
    return { listener: 'closed', posture: 'leaving', hold: false, appLost: true, watchApp: false }
  const { phase, drain } = state
  // In a pod that stops nobody starts the app again.
  const appLost = drain.app === 'gone' && proven(drain)
  if (phase === 'exiting')
    return { listener: 'closed', posture: 'leaving', hold: false, appLost, watchApp: false }
  const refuses = phase === 'draining' || phase === 'drained'
  return {
    listener: refuses && proven(drain) ? 'closed' : 'open',
    posture: POSTURES[phase],
    // A request must not meet an app that is told to stop; in an operator's drain the app stays, and answers.
    hold: phase === 'drained' && appStops(drain),
    appLost,
    watchApp: watched(drain),
  }
}

/** The effects of turning the door from one stance to another. The listener comes first. */
export function turned(from: Stance, to: Stance): Effect[] {
  const effects: Effect[] = []
  if (from.listener !== to.listener) {
    effects.push({ kind: to.listener === 'open' ? 'open-listener' : 'close-listener' })
  }
  if (from.posture !== to.posture) effects.push({ kind: 'posture', posture: to.posture })
  // Before the door is let go: who waits is told at once, and does not ask an app that has ended.
  if (from.appLost !== to.appLost) effects.push({ kind: 'app-lost', on: to.appLost })
  if (from.hold !== to.hold) effects.push({ kind: 'hold', on: to.hold })
  if (from.watchApp !== to.watchApp) effects.push({ kind: 'watch-app', on: to.watchApp })
  return effects
}
