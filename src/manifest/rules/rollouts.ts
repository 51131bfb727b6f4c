/** Rules about how pods are replaced: that there are enough of them at every moment. */
import type { Judged, Rule } from '../rule.ts'
import { at, isBranch, list, number, type Path, type Tree } from '../tree.ts'
import { namespaceOf, selects, together, type Workload } from '../workload.ts'

const FEW = 4

interface Rolling {
  readonly replicas: number
  readonly maxUnavailable: number
  readonly maxSurge: number
  readonly path: Path
}

/** How a workload rolls, with the API's defaults; undefined if it has no such strategy. */
function rollingOf({ kind, item }: Workload): Rolling | undefined {
  const spec = item.value['spec']
  const replicas = number(at(spec, 'replicas')) ?? 1
  const count = (value: Tree | undefined, initial: string, round: (value: number) => number): number => {
    const said = value ?? initial
    return typeof said === 'string' ? round((Number.parseFloat(said) / 100) * replicas) : (number(said) ?? 0)
  }
  const of = (path: Path, unavailable: string, surge: string): Rolling => {
    const rolling = at(item.value, ...path)
    return {
      replicas,
      maxUnavailable: count(at(rolling, 'maxUnavailable'), unavailable, Math.floor),
      maxSurge: count(at(rolling, 'maxSurge'), surge, Math.ceil),
      path,
    }
  }
  if (kind === 'Deployment' && at(spec, 'strategy', 'type') !== 'Recreate')
    return of(['spec', 'strategy', 'rollingUpdate'], '25%', '25%')
  if (kind === 'Rollout' && at(spec, 'strategy', 'canary') !== undefined)
    return of(['spec', 'strategy', 'canary'], '25%', '25%')
  return undefined
}

/** The fewest replicas that the input speaks of: an autoscaler's minimum counts. */
function replicasOf({ workload }: Judged, scalers: readonly Tree[]): number | undefined {
  if (!['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout'].includes(workload.kind)) return undefined
  const scaler = scalers.find(
    (one) =>
      at(one, 'spec', 'scaleTargetRef', 'kind') === workload.kind &&
      at(one, 'spec', 'scaleTargetRef', 'name') === workload.name,
  )
  const own = number(at(workload.item.value, 'spec', 'replicas'))
  return scaler === undefined ? (own ?? 1) : (number(at(scaler, 'spec', 'minReplicas')) ?? 1)
}

export const ROLLOUT_RULES: readonly Rule[] = [
  {
    id: 'strategy-recreate',
    severity: 'error',
    title: 'All pods stop before new ones start',
    requests: 'Each rollout is an outage: between the last old pod and the first new one nobody answers.',
    fix: 'strategy RollingUpdate with maxUnavailable 0 and maxSurge 1.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) =>
        serves && at(workload.item.value, 'spec', 'strategy', 'type') === 'Recreate'
          ? [{ place: workload, path: ['spec', 'strategy', 'type'], saw: 'strategy is Recreate' }]
          : [],
      ),
  },
  {
    id: 'max-unavailable',
    severity: 'warning',
    title: 'maxUnavailable above 0 with few replicas',
    requests:
      'A pod leaves before its successor is ready: the others get its requests too, and may answer late or not at all.',
    fix: 'maxUnavailable: 0, maxSurge: 1.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        const rolling = rollingOf(workload)
        if (!serves || rolling === undefined || rolling.replicas > FEW || rolling.replicas < 2) return []
        if (rolling.maxUnavailable === 0 || rolling.maxSurge === 0) return []
        const saw = `${rolling.maxUnavailable} of ${rolling.replicas} may be missing`
        return [{ place: workload, path: [...rolling.path, 'maxUnavailable'], saw }]
      }),
  },
  {
    id: 'max-surge-zero',
    severity: 'warning',
    title: 'maxSurge 0',
    requests:
      'A new pod starts only after an old one has gone, so there is always one too few, for as long as a drain and a start take.',
    fix: 'maxUnavailable: 0, maxSurge: 1.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        const rolling = rollingOf(workload)
        if (!serves || rolling === undefined || rolling.maxSurge > 0 || rolling.replicas < 2) return []
        return [
          {
            place: workload,
            path: [...rolling.path, 'maxSurge'],
            saw: `maxSurge is 0 of ${rolling.replicas} replicas`,
          },
        ]
      }),
  },
  {
    id: 'single-replica',
    severity: 'warning',
    title: 'One replica, and none beside it while it is replaced',
    requests:
      'Between the old pod and the new one nobody answers: lastcall can finish what is in flight, but not serve what comes then.',
    fix: 'Two replicas; or a Deployment with maxUnavailable: 0 and maxSurge: 1.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        if (!serves || number(at(workload.item.value, 'spec', 'replicas') ?? 1) !== 1) return []
        const rolling = rollingOf(workload)
        const alone = workload.kind === 'StatefulSet' || (rolling !== undefined && rolling.maxSurge === 0)
        return alone
          ? [{ place: workload, path: ['spec', 'replicas'], saw: `${workload.title} has one replica` }]
          : []
      }),
  },
  {
    id: 'no-disruption-budget',
    severity: 'warning',
    title: 'No PodDisruptionBudget',
    requests:
      'When nodes are drained, all pods may be evicted at once: each drains well, and nobody is left to answer.',
    fix: 'A PodDisruptionBudget with maxUnavailable: 1 that selects the pods. (If it is in another file, give both to check.)',
    find: ({ places, workloads }) => {
      const objects = places.filter(({ item }) => item.value['kind'] === 'PodDisruptionBudget')
      const scalers = places.flatMap(({ item }) =>
        item.value['kind'] === 'HorizontalPodAutoscaler' ? [item.value] : [],
      )
      return workloads.flatMap((judged) => {
        const { workload, serves } = judged
        if (!serves || (replicasOf(judged, scalers) ?? 0) < 2) return []
        const covered = objects.some((place) => {
          const selector = at(place.item.value, 'spec', 'selector')
          // Expressions are not judged: they may select it.
          const expressions = list(at(selector, 'matchExpressions')).length > 0
          const all = isBranch(selector) && Object.keys(selector).length === 0
          return (
            ((expressions || all) && together(namespaceOf(place), workload.namespace)) ||
            selects(place, at(selector, 'matchLabels'), workload)
          )
        })
        return covered
          ? []
          : [
              {
                place: workload,
                path: ['kind'],
                saw: `no PodDisruptionBudget in the input selects ${workload.title}`,
              },
            ]
      })
    },
  },
]
