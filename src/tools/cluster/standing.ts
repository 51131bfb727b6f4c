/** Describes the state when a command ends before its work is done: which pods have lastcall, what Services target. */
import { at } from '../manifest/tree.ts'
import type { Kubectl } from './kubectl.ts'
import { readSurroundings, titleOf, type Live } from './live.ts'
import { isIn, led, listens, servicesFor } from './planning.ts'
import { podState } from './pod-state.ts'
import { podsOf } from './waiting.ts'

/** Sentences for the user: the state, followed by `ways` to continue or undo. */
export async function standing(kubectl: Kubectl, target: string, ways: readonly string[]): Promise<string[]> {
  try {
    const { workload, others } = await readSurroundings(kubectl, target, new AbortController().signal)
    const pods = (await podsOf(kubectl, workload)).map(podState)
    const ready = pods.filter((pod) => pod.ready)
    const own = ready.filter(({ lastcall }) => lastcall).length
    const planned = isIn(workload)
    const going = planned ? own < ready.length : own > 0
    return [
      `${titleOf(workload)} ${planned ? 'has' : 'does not have'} lastcall in its template; of its ${ready.length} ready pods, ${own} ${own === 1 ? 'has' : 'have'} it` +
        `${going ? ', and Kubernetes is still replacing the others' : ''}.`,
      ...servicesFor(workload, others).map((service) => leading(service, workload)),
      answered(workload, ready.length),
      ...ways,
    ]
  } catch (error) {
    return [`The state could not be read: ${error instanceof Error ? error.message : String(error)}`, ...ways]
  }
}

function answered(workload: Live, ready: number): string {
  if (ready > 0) return 'Requests are answered in this state.'
  return at(workload, 'spec', 'replicas') === 0
    ? 'It is scaled to 0 replicas, so requests are not answered.'
    : 'None of its pods is ready: requests are not answered until one is.'
}

function leading(service: Live, workload: Live): string {
  const own = listens(workload)
  const ports = led(service, workload).filter((port) => port !== undefined)
  const through = ports.some((port) => own.includes(port))
  return `${titleOf(service)} targets port ${ports.join(' and ')}: ${through ? 'lastcall, in the pods that have it' : 'the app itself'}.`
}
