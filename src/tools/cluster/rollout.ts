/** The progress of a rollout from the status of its workload, as `kubectl rollout status` reads it. Pure. */
import { at, list, number, text, type Branch } from '../manifest/tree.ts'

export type RolloutState =
  | { readonly kind: 'done' }
  | { readonly kind: 'going'; readonly says: string }
  /** Kubernetes has given up. */
  | { readonly kind: 'failed'; readonly says: string }

/** The state of the rollout of a Deployment, StatefulSet or DaemonSet, with its status. */
export function rolloutOf(object: Branch): RolloutState {
  const status = (key: string) => number(at(object, 'status', key)) ?? 0
  const generation = number(at(object, 'metadata', 'generation')) ?? 0
  if (status('observedGeneration') < generation)
    return { kind: 'going', says: 'waiting for Kubernetes to see the change' }
  switch (text(object['kind']) ?? '') {
    case 'DaemonSet':
      return counted(
        status('desiredNumberScheduled'),
        status('updatedNumberScheduled'),
        status('numberAvailable'),
      )
    case 'StatefulSet':
      // updatedReplicas is absent if every pod has the current revision. Pods below the partition are not updated.
      return counted(
        wanted(object),
        at(object, 'status', 'updateRevision') === at(object, 'status', 'currentRevision')
          ? status('replicas')
          : status('updatedReplicas') + Math.min(partitionOf(object), wanted(object)),
        status('readyReplicas'),
      )
    default: {
      const stuck = condition(object, 'Progressing')
      if (stuck !== undefined && at(stuck, 'reason') === 'ProgressDeadlineExceeded')
        return { kind: 'failed', says: text(at(stuck, 'message')) ?? 'the progress deadline was exceeded' }
      const updated = status('updatedReplicas')
      const old = status('replicas') - updated
      if (updated >= wanted(object) && old > 0)
        return { kind: 'going', says: `waiting for ${old} old ${old === 1 ? 'pod' : 'pods'} to stop` }
      return counted(wanted(object), updated, status('availableReplicas'))
    }
  }
}

function counted(all: number, updated: number, available: number): RolloutState {
  if (updated < all) return { kind: 'going', says: `${updated} of ${all} new pods created` }
  if (available < all) return { kind: 'going', says: `${available} of ${all} new pods available` }
  return { kind: 'done' }
}

/** The desired number of pods. */
function wanted(object: Branch): number {
  return object['kind'] === 'DaemonSet'
    ? (number(at(object, 'status', 'desiredNumberScheduled')) ?? 0)
    : (number(at(object, 'spec', 'replicas')) ?? 1)
}

/** Why no pod could be created (a quota, an admission policy); undefined if none was refused. */
export function replicaFailure(object: Branch): string | undefined {
  const refused = condition(object, 'ReplicaFailure')
  return at(refused, 'status') === 'True' ? text(at(refused, 'message')) : undefined
}

function condition(object: Branch, type: string) {
  return list(at(object, 'status', 'conditions')).find((one) => at(one, 'type') === type)
}

/** Why Kubernetes would not roll out a change of the pods; undefined if it would. */
export function notRolledOut(object: Branch): string | undefined {
  if (at(object, 'spec', 'paused') === true) return 'is paused: run kubectl rollout resume first'
  if (replacesOnDelete(object))
    return 'has the update strategy OnDelete: its pods are replaced only when somebody deletes them. Change it to RollingUpdate first'
  const partition = partitionOf(object)
  return partition > 0
    ? `has a partition of ${partition}, so its first ${partition} pods would not be replaced. Set it to 0 first`
    : undefined
}

/** Why a rollout may stop all pods before new ones are ready; undefined if some keep running. */
export function allAtOnce(object: Branch): string | undefined {
  const kind = text(object['kind'])
  if (at(object, 'spec', 'strategy', 'type') === 'Recreate') return 'has the strategy Recreate'
  const key = kind === 'Deployment' ? 'strategy' : 'updateStrategy'
  const most = at(object, 'spec', key, 'rollingUpdate', 'maxUnavailable')
  const all = kind === 'DaemonSet' ? Infinity : (number(at(object, 'spec', 'replicas')) ?? 1)
  if (all === 0) return undefined
  const count = number(most) ?? 0
  if (most === '100%' || count >= all) return `has maxUnavailable ${count || '100%'}`
  return kind === 'StatefulSet' && all === 1 ? 'is a StatefulSet with one pod' : undefined
}

/** Whether pods are replaced only when somebody deletes them. */
export function replacesOnDelete(object: Branch): boolean {
  return at(object, 'spec', 'updateStrategy', 'type') === 'OnDelete'
}

/** How many pods of a StatefulSet a rollout does not update. */
function partitionOf(object: Branch): number {
  return number(at(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? 0
}
