/** Pods that a Service sends to, and that are not of the workload that is changed: they would be cut off from it. */
import { at, list, text, type Branch } from '../manifest/tree.ts'
import type { Kubectl } from './kubectl.ts'
import { labelsOf, nameOf, titleOf, type Live } from './live.ts'
import type { ObjectChange } from './planning.ts'
import { podsOf } from './waiting.ts'

/** A sentence about the first such pod; undefined if there is none. */
export async function strangers(
  kubectl: Kubectl,
  workload: Live,
  changes: readonly ObjectChange[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const services = [...new Set(changes.map(({ before }) => before))].filter(
    (one) => one['kind'] === 'Service',
  )
  if (services.length === 0) return undefined
  for (const service of services) {
    const args = ['get', 'pods', '-l', labelsOf(at(service, 'spec', 'selector')).join(',')]
    const { items } = await kubectl.json<{ items: readonly Branch[] }>(args, { signal })
    // Read later, so that a pod that has just been made is among them.
    const own = new Set((await podsOf(kubectl, workload, signal)).map(uidOf))
    const other = items.find((pod) => !own.has(uidOf(pod)))
    if (other !== undefined) {
      const owner = list(at(other, 'metadata', 'ownerReferences'))[0]
      const whose = owner === undefined ? '' : ` (of ${text(at(owner, 'kind'))} ${text(at(owner, 'name'))})`
      return (
        `${titleOf(service)} also sends to pod ${nameOf(other)}${whose}, which is not of ${titleOf(workload)} and would get no requests any more.\n` +
        'Give that workload a Service of its own, or both of them lastcall by their manifests. Nothing was changed.'
      )
    }
  }
  return undefined
}

function uidOf(pod: Branch): string {
  return text(at(pod, 'metadata', 'uid')) ?? ''
}
