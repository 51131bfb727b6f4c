/** `/status` of a pod, by way of the API server: nothing is installed in the cluster. */
import { readAnswer, refusal, type Answered } from './answer.ts'
import type { Kubectl } from './kubectl.ts'
import type { Pod } from './pod.ts'

/** So many pods are asked at a time: each is a process of kubectl on the user's machine. */
export const ASKED_AT_ONCE = 6
/** A busy machine takes seconds to start kubectl alone. */
const ASK_MS = 10_000
/** A status has a few kilobytes; what is longer is none, whoever sends it. */
const MOST_ANSWER = 1 << 20

/** Asks a pod's lastcall. Never rejects, unless `stop` is aborted; what cannot be had is told in a sentence. */
export async function askPod(
  kubectl: Kubectl,
  pod: Pod,
  stop: AbortSignal,
  withinMs = ASK_MS,
): Promise<Answered> {
  const { namespace, name, sidecar } = pod
  if (sidecar === undefined) return none('it has no lastcall')
  const { admin, state } = sidecar
  if (state.kind === 'waiting') return none(`its lastcall does not run: ${state.why}`)
  if (state.kind === 'ended') return none('its lastcall has ended')
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
