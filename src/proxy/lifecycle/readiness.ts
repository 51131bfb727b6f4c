/** What probes and an operator are told of a state: whether it is ready, and whether it can be resumed. Pure. DESIGN §4. */
import { signalled } from './drain.ts'
import type { State } from './state.ts'

/** 200 or 503 for the kubelet (DESIGN §4): `keep` holds on until draining. */
export function ready(state: State, appUp: boolean, policy: 'fail' | 'keep'): boolean {
  const kept = policy === 'keep' && (state.phase === 'settling' || state.phase === 'lame-duck')
  return appUp && (state.phase === 'serving' || kept)
}

/** 200 or 503 for load balancers that probe the traffic port: fails at the first moment of a drain. */
export function lbHealthy(state: State, appUp: boolean): boolean {
  return ready(state, appUp, 'fail')
}

/**
 * Whether an operator's resume can be taken (else 409): not after a signal, nor once the exit has begun. The hook of
 * the sidecar alone does not stand in the way, as it may have been anybody's call.
 */
export function resumable(state: State): boolean {
  if ('drain' in state) return state.phase !== 'exiting' && !signalled(state.drain)
  return state.phase !== 'exited'
}
