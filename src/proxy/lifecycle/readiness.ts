/**
 * What probes and operators are told about a state: whether it is ready, and whether it can be resumed. Pure. DESIGN
 * §4.
 */
import { signalled } from './drain.ts'
import type { State } from './state.ts'

/** Whether /readyz says 200 (DESIGN §4). With `keep` it does so until draining begins. */
export function ready(state: State, appUp: boolean, policy: 'fail' | 'keep'): boolean {
  const kept = policy === 'keep' && (state.phase === 'settling' || state.phase === 'lame-duck')
  return appUp && (state.phase === 'serving' || kept)
}

/** Whether load balancers that probe the traffic port get a 200: not from the first moment of a drain on. */
export function lbHealthy(state: State, appUp: boolean): boolean {
  return ready(state, appUp, 'fail')
}

/**
 * Whether an operator's resume is accepted (otherwise 409): not after a signal, and not once lastcall is exiting. The
 * sidecar's hook alone does not prevent it, because anybody could have called that.
 */
export function resumable(state: State): boolean {
  if ('drain' in state) return state.phase !== 'exiting' && !signalled(state.drain)
  return state.phase !== 'exited'
}
