/** How far the rollout of a workload is, by its object; as `kubectl rollout status` judges. Pure. */
import { at, branch, list, number, text, type Branch } from '../manifest/tree.ts'

export interface Progress {
  /** `failed`: Kubernetes itself has given up on it. */
  readonly kind: 'moving' | 'done' | 'failed'
  /** `2 of 3 updated, 2 available`, or why it failed. */
  readonly text: string
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const

/** Why the rollout of this object cannot be watched, in a sentence; undefined if it can. */
export function notWatchable(object: Branch): string | undefined {
  const kind = text(object['kind']) ?? ''
  if ((KINDS as readonly string[]).includes(kind)) return undefined
  return `${kind} ${text(at(object, 'metadata', 'name')) ?? ''}: the rollouts of ${KINDS.join(', ')} can be watched, not those of a ${kind}`
}

/** Whether its pods are replaced only when somebody deletes them. */
export function replacesOnDelete(object: Branch): boolean {
  return at(object, 'spec', 'updateStrategy', 'type') === 'OnDelete'
}

/** Judges the object. `generation`: the state of an earlier one is not judged. */
export function progressOf(object: Branch, generation = 0): Progress {
  const own = number(at(object, 'metadata', 'generation')) ?? 0
  const observed = number(at(object, 'status', 'observedGeneration')) ?? 0
  if (own < generation || observed < own) return { kind: 'moving', text: 'waiting for the controller' }
  switch (text(object['kind']) ?? '') {
    case 'Deployment':
      return deployment(object)
    case 'StatefulSet':
      return statefulSet(object)
    case 'DaemonSet':
      return daemonSet(object)
    default:
      return { kind: 'done', text: '' }
  }
}

function deployment(object: Branch): Progress {
  const status = branch(object['status'])
  const wanted = number(at(object, 'spec', 'replicas')) ?? 1
  const count = (key: string) => number(status[key]) ?? 0
  const updated = count('updatedReplicas')
  const said = `${updated} of ${wanted} updated, ${count('availableReplicas')} available`
  const late = list(status['conditions']).find(
    (one) => at(one, 'type') === 'Progressing' && at(one, 'reason') === 'ProgressDeadlineExceeded',
  )
  if (late !== undefined)
    return {
      kind: 'failed',
      text: `no progress for ${number(at(object, 'spec', 'progressDeadlineSeconds')) ?? 600} s (progressDeadlineSeconds): ${said}`,
    }
  const over = updated >= wanted && count('replicas') <= updated && count('availableReplicas') >= updated
  return { kind: over ? 'done' : 'moving', text: said }
}

function statefulSet(object: Branch): Progress {
  const status = branch(object['status'])
  const wanted = number(at(object, 'spec', 'replicas')) ?? 1
  const kept = number(at(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? 0
  const count = (key: string) => number(status[key]) ?? 0
  const same = status['updateRevision'] === status['currentRevision']
  const updated = same ? wanted : count('updatedReplicas')
  const ready = count('readyReplicas')
  const aim = Math.max(0, wanted - kept)
  const over = ready >= wanted && (same || (kept > 0 && updated >= aim))
  return {
    kind: over ? 'done' : 'moving',
    text: `${Math.min(updated, aim)} of ${aim} updated, ${ready} ready`,
  }
}

function daemonSet(object: Branch): Progress {
  const status = branch(object['status'])
  const count = (key: string) => number(status[key]) ?? 0
  const wanted = count('desiredNumberScheduled')
  const updated = count('updatedNumberScheduled')
  const available = count('numberAvailable')
  return {
    kind: updated >= wanted && available >= wanted ? 'done' : 'moving',
    text: `${updated} of ${wanted} updated, ${available} available`,
  }
}
