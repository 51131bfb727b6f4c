/** Finds pods of other workloads behind a Service that is about to change: they would no longer get requests. */
import { isDeepStrictEqual } from 'node:util'
import { at, list, text, type Branch } from '../manifest/tree.ts'
import type { Kubectl } from './kubectl.ts'
import { labelsOf, nameOf, titleOf, type Live, type Surroundings } from './live.ts'
import { led, listens, servicesFor, type ObjectChange } from './planning.ts'
import { podsOf } from './waiting.ts'

const ADVICE = 'Give that workload its own Service, or add lastcall to both in their manifests.'

/** A sentence about the first such pod, or workload without pods so far; undefined if there is none. */
export async function strangers(
  kubectl: Kubectl,
  { workload, others }: Pick<Surroundings, 'workload' | 'others'>,
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
    // Read after the list above, so that it includes pods that were created in between.
    const own = new Set((await podsOf(kubectl, workload, signal)).map(uidOf))
    const other = items.find((pod) => !own.has(uidOf(pod)))
    if (other !== undefined) {
      const owner = list(at(other, 'metadata', 'ownerReferences'))[0]
      const whose = owner === undefined ? '' : ` (of ${text(at(owner, 'kind'))} ${text(at(owner, 'name'))})`
      return (
        `${titleOf(service)} also sends to pod ${nameOf(other)}${whose}, which does not belong to ${titleOf(workload)} and would no longer get requests.\n` +
        ADVICE
      )
    }
  }
  for (const change of changes) {
    const other = others.find((one) => deserted(one, change))
    if (other !== undefined)
      return `${titleOf(change.before)} also selects ${titleOf(other)}: as soon as that has pods, they would get no requests.\n${ADVICE}`
  }
  return undefined
}

/** Whether a Service that selects the pods of `other` would no longer target a port that they have. */
function deserted(other: Live, { before, after }: ObjectChange): boolean {
  if (before['kind'] !== 'Service' || servicesFor(other, [before]).length === 0) return false
  const next = led(after, other)
  const declared = list(at(other, 'spec', 'template', 'spec', 'containers'))
    .flatMap((container) => list(at(container, 'ports')))
    .map((port) => at(port, 'containerPort'))
  const has = new Set<unknown>([...listens(other), ...declared])
  return !isDeepStrictEqual(led(before, other), next) && next.some((port) => !has.has(port))
}

function uidOf(pod: Branch): string {
  return text(at(pod, 'metadata', 'uid')) ?? ''
}
