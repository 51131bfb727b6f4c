/**
 * How traffic is treated in a state, pure: listener, client mode, queueing, watch (the table in DESIGN §3, columns "new
 * connections" and "what clients are told"). The effects of a move are the difference between two of these, so nothing
 * that one phase switched on is forgotten in another.
 */
import { appStops, proven, watched } from './drain.ts'
import type { DrainState, Effect, ClientMode, State } from './state.ts'

export interface Traffic {
  readonly listener: 'open' | 'closed'
  readonly clientMode: ClientMode
  readonly queues: boolean
  readonly appLost: boolean
  readonly watchApp: boolean
}

/** The traffic that the shell starts with, before any effect. */
export const FIRST_TRAFFIC: Traffic = {
  listener: 'open',
  clientMode: 'serving',
  queues: false,
  appLost: false,
  watchApp: false,
}

const CLIENT_MODES: { readonly [P in DrainState['phase']]: ClientMode } = {
  settling: 'serving',
  'lame-duck': 'lame-duck',
  draining: 'draining',
  drained: 'draining',
  exiting: 'draining',
}

/** Returns how traffic is treated in this state. */
export function traffic(state: State): Traffic {
  if (state.phase === 'starting') return { ...FIRST_TRAFFIC, queues: true }
  if (state.phase === 'serving') return FIRST_TRAFFIC
  if (state.phase === 'exited')
    return { listener: 'closed', clientMode: 'draining', queues: false, appLost: true, watchApp: false }
  const { phase, drain } = state
  // In a pod that stops nobody restarts the app.
  const appLost = drain.app === 'gone' && proven(drain)
  if (phase === 'exiting')
    return { listener: 'closed', clientMode: 'draining', queues: false, appLost, watchApp: false }
  const refuses = (phase === 'draining' || phase === 'drained') && drain.settled
  return {
    listener: refuses && proven(drain) ? 'closed' : 'open',
    clientMode: CLIENT_MODES[phase],
    // A request must not reach an app that is being stopped. In an operator's drain the app stays and answers.
    queues: phase === 'drained' && appStops(drain),
    appLost,
    watchApp: watched(drain),
  }
}

/** The effects that lead from one treatment to another. The listener comes first. */
export function turned(from: Traffic, to: Traffic): Effect[] {
  const effects: Effect[] = []
  if (from.listener !== to.listener) {
    effects.push({ kind: to.listener === 'open' ? 'open-listener' : 'close-listener' })
  }
  if (from.clientMode !== to.clientMode) effects.push({ kind: 'client-mode', clientMode: to.clientMode })
  // Comes before queueing ends: whoever waits is told at once and does not ask an app that has ended.
  if (from.appLost !== to.appLost) effects.push({ kind: 'app-lost', on: to.appLost })
  if (from.queues !== to.queues) effects.push({ kind: 'queue-requests', on: to.queues })
  if (from.watchApp !== to.watchApp) effects.push({ kind: 'watch-app', on: to.watchApp })
  return effects
}
