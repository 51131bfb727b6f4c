/** Rules about how pods are replaced: enough of them must be there at every moment. */
import type { Rule } from '../rule.ts'
import { at, isBranch, list, number, text, type Path, type Tree } from '../tree.ts'
import { namespaceOf, ofKind, selects, together, type Place, type Workload } from '../workload.ts'

const FEW = 4

interface Rolling {
  readonly replicas: number
  readonly maxUnavailable: number
  readonly maxSurge: number
  readonly path: Path
}

/** The rolling update of a workload, with the API's defaults; undefined if it has no such strategy. */
function rollingOf(workload: Workload, places: readonly Place[]): Rolling | undefined {
  const { kind, item } = workload
  const spec = item.value['spec']
  const replicas = replicasOf(workload, places) ?? 1
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

/** The autoscaler of a workload: Kubernetes' own, or KEDA's (keda.sh, ScaledObject specification). */
function scalerOf(workload: Workload, places: readonly Place[]): Place | undefined {
  const scalers = ['HorizontalPodAutoscaler', 'ScaledObject'].flatMap((kind) => ofKind(places, kind))
  return scalers.find((place) => {
    const target = at(place.item.value, 'spec', 'scaleTargetRef')
    return (
      (at(target, 'kind') ?? 'Deployment') === workload.kind &&
      at(target, 'name') === workload.name &&
      together(namespaceOf(place), workload.namespace)
    )
  })
}

/** The number of replicas; with an autoscaler, its minimum. Undefined for kinds without replicas. */
function replicasOf(workload: Workload, places: readonly Place[]): number | undefined {
  if (
    !['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController', 'Rollout'].includes(workload.kind)
  )
    return undefined
  const scaler = scalerOf(workload, places)
  if (scaler === undefined) return number(at(workload.item.value, 'spec', 'replicas')) ?? 1
  const spec = scaler.item.value['spec']
  return number(at(spec, 'minReplicas')) ?? number(at(spec, 'minReplicaCount')) ?? 1
}

/** Whether a rollout may stop all pods before new ones are ready. */
function takesAll({ replicas, maxUnavailable, maxSurge }: Rolling): boolean {
  return replicas > 0 && maxUnavailable >= replicas && (replicas > 1 || maxSurge > 0)
}

export const ROLLOUT_RULES: readonly Rule[] = [
  {
    id: 'strategy-recreate',
    severity: 'error',
    title: 'All pods stop before new ones start',
    requests:
      'Each rollout is an outage: no pod answers between the end of the last old pod and the start of the first new one.',
    fix: 'Use strategy RollingUpdate with maxUnavailable: 0 and maxSurge: 1.',
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
    title: 'maxUnavailable is above 0 with few replicas',
    requests:
      'A pod leaves before its replacement is ready: the remaining pods get its requests as well, and may answer late or not at all.',
    fix: 'Set maxUnavailable: 0 and maxSurge: 1.',
    find: ({ places, workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        const rolling = rollingOf(workload, places)
        if (!serves || rolling === undefined || rolling.replicas > FEW || rolling.replicas < 2) return []
        if (rolling.maxUnavailable === 0 || rolling.maxSurge === 0 || takesAll(rolling)) return []
        const saw = `${rolling.maxUnavailable} of ${rolling.replicas} pods may be unavailable`
        return [{ place: workload, path: [...rolling.path, 'maxUnavailable'], saw }]
      }),
  },
  {
    id: 'max-unavailable-all',
    severity: 'error',
    title: 'A rollout may stop all pods before new ones are ready',
    requests: 'Each rollout may be an outage: no pod answers until the first new one is ready.',
    fix: 'Set maxUnavailable: 0 and maxSurge: 1.',
    find: ({ places, workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        const rolling = rollingOf(workload, places)
        if (!serves || rolling === undefined || !takesAll(rolling)) return []
        const saw = `${rolling.maxUnavailable} of ${rolling.replicas} pods may be unavailable`
        return [{ place: workload, path: [...rolling.path, 'maxUnavailable'], saw }]
      }),
  },
  {
    id: 'max-surge-zero',
    severity: 'warning',
    title: 'maxSurge is 0',
    requests:
      'A new pod starts only after an old one has gone: one pod is missing for as long as a drain and a start take.',
    fix: 'Set maxUnavailable: 0 and maxSurge: 1.',
    find: ({ places, workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        const rolling = rollingOf(workload, places)
        if (!serves || rolling === undefined || rolling.maxSurge > 0 || takesAll(rolling)) return []
        const scaled = scalerOf(workload, places) !== undefined
        if (rolling.replicas < 2 && !scaled) return []
        const saw = scaled
          ? 'maxSurge is 0, and an autoscaler sets the number of replicas'
          : `maxSurge is 0 with ${rolling.replicas} replicas`
        return [{ place: workload, path: [...rolling.path, 'maxSurge'], saw }]
      }),
  },
  {
    id: 'single-replica',
    severity: 'warning',
    title: 'The only replica stops before its replacement starts',
    requests:
      'No pod answers between the old one and the new one: lastcall can finish what is in flight, but cannot serve requests that arrive then.',
    fix: 'Use two replicas, or a Deployment with maxUnavailable: 0 and maxSurge: 1.',
    find: ({ places, workloads }) =>
      workloads.flatMap(({ workload, serves }) => {
        // With an autoscaler, the number of replicas in the manifest does not count.
        if (!serves || scalerOf(workload, places) !== undefined) return []
        if (number(at(workload.item.value, 'spec', 'replicas') ?? 1) !== 1) return []
        const rolling = rollingOf(workload, places)
        const alone = workload.kind === 'StatefulSet' || (rolling !== undefined && rolling.maxSurge === 0)
        return alone
          ? [{ place: workload, path: ['spec', 'replicas'], saw: `${workload.title} has one replica` }]
          : []
      }),
  },
  {
    id: 'no-disruption-budget',
    severity: 'warning',
    title: 'There is no PodDisruptionBudget',
    requests:
      'When nodes are drained, all pods may be evicted at once: each of them drains properly, but no pod is left to answer.',
    fix: 'Add a PodDisruptionBudget with maxUnavailable: 1 that selects the pods. (If it is in another file, give both files to check.)',
    find: ({ places, workloads }) => {
      const objects = places.filter(({ item }) => item.value['kind'] === 'PodDisruptionBudget')
      return workloads.flatMap(({ workload, serves }) => {
        if (!serves || (replicasOf(workload, places) ?? 0) < 2) return []
        const covered = objects.some((place) => {
          const selector = at(place.item.value, 'spec', 'selector')
          // Expressions are not evaluated: they might select it.
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
                saw: `no PodDisruptionBudget selects ${workload.title}`,
              },
            ]
      })
    },
  },
  {
    id: 'disruption-budget-empty',
    severity: 'warning',
    title: 'A PodDisruptionBudget that protects nothing',
    requests: 'When nodes are drained, all pods may be evicted at once, as if there were no budget.',
    fix: 'Set maxUnavailable: 1.',
    find: ({ places, workloads }) =>
      places.flatMap((place) => {
        const spec = place.item.value['spec']
        if (place.item.value['kind'] !== 'PodDisruptionBudget') return []
        const labels = at(spec, 'selector', 'matchLabels')
        const found = workloads.find(({ workload, serves }) => serves && selects(place, labels, workload))
        if (found === undefined) return []
        const replicas = replicasOf(found.workload, places) ?? 0
        const [most, least] = [at(spec, 'maxUnavailable'), at(spec, 'minAvailable')]
        const all = most === '100%' || (typeof most === 'number' && most >= replicas && replicas > 1)
        if (!all && least !== 0 && least !== '0%') return []
        const key = all ? 'maxUnavailable' : 'minAvailable'
        const saw = `${key} is ${text(all ? most : least) ?? JSON.stringify(all ? most : least)}, and ${found.workload.title} has ${replicas} replicas`
        return [{ place, path: ['spec', key], saw }]
      }),
  },
]
