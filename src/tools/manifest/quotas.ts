/**
 * ResourceQuotas and LimitRanges of the input that would refuse a pod with lastcall in it: the rollout would hang, with
 * the old pods still serving. Pure.
 */
import { RESOURCES } from './sidecar.ts'
import { at, list, number, text, type Tree } from './tree.ts'
import { namespaceOf, ofKind, together, type Place, type Workload } from './workload.ts'

/** Sentences that continue `Deployment web: `; none for a pod that already has lastcall. */
export function refusingQuotas(workload: Workload, places: readonly Place[]): string[] {
  if (workload.sidecar !== undefined) return []
  const near = (kind: string) =>
    ofKind(places, kind).filter((place) => together(namespaceOf(place), workload.namespace))
  const ranges = near('LimitRange').flatMap((place) =>
    list(at(place.item.value, 'spec', 'limits'))
      .filter((limit) => at(limit, 'type') === 'Container')
      .map((limit) => ({ place, limit })),
  )
  // A LimitRange gives a limit to containers that have none.
  const given = ranges.some(
    ({ limit }) => (at(limit, 'default', 'cpu') ?? at(limit, 'max', 'cpu')) !== undefined,
  )
  const quotas = near('ResourceQuota').filter(
    ({ item }) => !given && at(item.value, 'spec', 'hard', 'limits.cpu') !== undefined,
  )
  const found = quotas.map((place) => `${titleOf(place)} requires a limit of cpu, and lastcall has none`)
  for (const { place, limit } of ranges) {
    const title = titleOf(place)
    if (over(RESOURCES.limits.memory, at(limit, 'max', 'memory')))
      found.push(`${title} allows less memory than lastcall's limit of ${RESOURCES.limits.memory}`)
    for (const what of ['cpu', 'memory'] as const)
      if (over(at(limit, 'min', what), RESOURCES.requests[what]))
        found.push(`${title} requires more ${what} than lastcall's request of ${RESOURCES.requests[what]}`)
  }
  return found.map(
    (why) =>
      `${why}: the cluster would refuse the new pods. Change lastcall's resources in the output; a later inject keeps them`,
  )
}

/** Whether a quantity is above another one; false if one of them is missing. */
function over(a: Tree | undefined, b: Tree | undefined): boolean {
  const [one, other] = [quantityOf(a), quantityOf(b)]
  return one !== undefined && other !== undefined && one > other
}

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
}

/** A quantity of Kubernetes (`50m`, `256Mi`, 1) as a number; undefined for anything else. */
function quantityOf(said: Tree | undefined): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(number(said) ?? text(said))) ?? []
  const size = UNITS[unit]
  return count === undefined || size === undefined ? undefined : Number(count) * size
}

function titleOf({ item }: Place): string {
  return `${text(item.value['kind']) ?? ''} ${text(at(item.value, 'metadata', 'name')) ?? ''}`
}
