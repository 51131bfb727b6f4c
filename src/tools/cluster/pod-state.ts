/** The state of a pod in a few words, and why it is not ready. Pure. */
import { at, branch, list, number, text, type Branch, type Tree } from '../manifest/tree.ts'
import { sidecarOf } from '../manifest/workload.ts'
import { plain } from './plain.ts'

export interface PodState {
  readonly name: string
  readonly uid: string
  readonly lastcall: boolean
  readonly ready: boolean
  readonly stopping: boolean
  /** One or two words. */
  readonly says: string
  /** Why it is not ready, according to its status; with the container's name. */
  readonly why: string | undefined
}

/** Reads a pod. */
export function podState(pod: Branch): PodState {
  const stopping = at(pod, 'metadata', 'deletionTimestamp') !== undefined
  const ready = isReady(at(pod, 'status'))
  const containers = containerStatuses(at(pod, 'status'))
  const trouble = containers.map(troubleOf).find((one) => one !== undefined) ?? unscheduled(pod)
  const says = stopping ? 'stopping' : ready ? 'ready' : (trouble?.word ?? 'starting')
  return {
    name: text(at(pod, 'metadata', 'name')) ?? '',
    uid: text(at(pod, 'metadata', 'uid')) ?? '',
    lastcall: sidecarOf(branch(at(pod, 'spec'))) !== undefined,
    ready: ready && !stopping,
    stopping,
    says,
    why: ready || stopping ? undefined : trouble?.why,
  }
}

/** Whether the status of a pod says that it is ready. */
export function isReady(status: Tree | undefined): boolean {
  return list(at(status, 'conditions')).some(
    (one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True',
  )
}

/** The container statuses of a pod; init containers (including native sidecars) come first. */
export function containerStatuses(status: Tree | undefined): readonly Tree[] {
  return [...list(at(status, 'initContainerStatuses')), ...list(at(status, 'containerStatuses'))]
}

interface Trouble {
  readonly word: string
  readonly why: string
}

/** Reasons for waiting that are part of every start. */
const ORDINARY = new Set(['ContainerCreating', 'PodInitializing'])

function troubleOf(container: Tree): Trouble | undefined {
  const name = text(at(container, 'name')) ?? ''
  const waiting = at(container, 'state', 'waiting')
  const reason = text(at(waiting, 'reason'))
  if (reason !== undefined && !ORDINARY.has(reason)) {
    const message = text(at(waiting, 'message'))
    return {
      word: reason,
      why: `container ${name}: ${reason}${message === undefined ? '' : `: ${plain(message)}`}${lastExit(container)}`,
    }
  }
  const ended = at(container, 'state', 'terminated')
  const code = number(at(ended, 'exitCode'))
  if (code !== undefined && code !== 0)
    return {
      word: text(at(ended, 'reason')) ?? 'Error',
      why: `container ${name}: exited with code ${code}`,
    }
  if (at(container, 'state', 'running') !== undefined && at(container, 'ready') === false)
    return { word: 'not ready', why: `container ${name}: is running, but not ready` }
  return undefined
}

function lastExit(container: Tree): string {
  const code = number(at(container, 'lastState', 'terminated', 'exitCode'))
  return code === undefined ? '' : ` (its last exit code was ${code})`
}

function unscheduled(pod: Branch): Trouble | undefined {
  const scheduled = list(at(pod, 'status', 'conditions')).find((one) => at(one, 'type') === 'PodScheduled')
  if (at(scheduled, 'status') !== 'False') return undefined
  const reason = text(at(scheduled, 'reason')) ?? 'Pending'
  return {
    word: reason,
    why: `${reason}: ${plain(text(at(scheduled, 'message')) ?? 'no node was found for the pod')}`,
  }
}
