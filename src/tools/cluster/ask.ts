/** Gets `/status` of a pod through the API server: nothing is installed in the cluster. */
import { readAnswer, refusal, type Answered } from './answer.ts'
import type { Kubectl } from './kubectl.ts'
import type { Pod } from './pod.ts'

/** How many pods are asked at the same time, so that the API server is not flooded. */
export const ASKED_AT_ONCE = 6
/** On a busy machine, starting kubectl alone takes seconds. */
const ASK_MS = 10_000
/** A status has a few kilobytes; anything longer is not one. */
const MOST_ANSWER = 1 << 20

/** Asks a pod's lastcall. Rejects only if `stop` is aborted; other failures are a sentence in the result. */
export async function askPod(
  kubectl: Kubectl,
  pod: Pod,
  stop: AbortSignal,
  withinMs = ASK_MS,
): Promise<Answered> {
  const { namespace, name, sidecar } = pod
  if (sidecar === undefined) return none('the pod has no lastcall')
  const { admin, state } = sidecar
  if (state.kind === 'waiting') return none(`its lastcall is not running: ${state.why}`)
  if (state.kind === 'ended') return none('its lastcall has exited')
  if ('why' in admin) return none(admin.why)
  const timeout = AbortSignal.timeout(withinMs)
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${admin.port}/proxy/status`
    return readAnswer(
      await kubectl.ask(path, { signal: AbortSignal.any([stop, timeout]), last: MOST_ANSWER }),
    )
  } catch (error) {
    stop.throwIfAborted()
    if (timeout.aborted) return none(`no answer within ${withinMs / 1000} s`)
    return none(refusal(error instanceof Error ? error.message : String(error)))
  }
}

function none(why: string): Answered {
  return { kind: 'none', why }
}
