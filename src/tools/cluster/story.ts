/**
 * The history of each pod of a watched workload, from the changes of its object and the answers of its lastcall. Pure: it
 * is given both, and the time in ms of a monotonic clock.
 */
import type { Answered } from './answer.ts'
import type { Pod, SidecarState } from './pod.ts'
import { verdictIn, verdictOf, type PodVerdict } from './verdict.ts'

export interface PodStory {
  readonly name: string
  readonly uid: string
  /** Was there when the watch began. */
  readonly old: boolean
  readonly seenAt: number
  pod: Pod
  /** When it was first seen to be ready; undefined for one that was when the watch began. */
  readyAt: number | undefined
  /** When it was seen to be stopping, and when its object was gone. */
  stoppedAt: number | undefined
  goneAt: number | undefined
  /** The phases of its lastcall since it was told to stop, as they were seen. */
  readonly phases: { readonly phase: string; readonly at: number }[]
  /** The last answer of its lastcall; and the last state of its container, which the next object may not have. */
  answer: Extract<Answered, { kind: 'status' }> | undefined
  state: SidecarState | undefined
  /** The verdict line of its log. */
  logged: string | undefined
  /** Known when it is gone. */
  verdict: PodVerdict | undefined
}

/** What happened to a pod. */
export interface Happened {
  readonly kind: 'appeared' | 'ready' | 'stopping' | 'phase' | 'gone'
  readonly story: PodStory
}

export class Stories {
  readonly #stories = new Map<string, PodStory>()

  /** In the order in which the pods were first seen. */
  get all(): readonly PodStory[] {
    return [...this.#stories.values()]
  }

  /** Those whose object is there. */
  get present(): readonly PodStory[] {
    return this.all.filter(({ goneAt }) => goneAt === undefined)
  }

  /** Those that are being stopped. */
  get stopping(): readonly PodStory[] {
    return this.present.filter(({ stoppedAt }) => stoppedAt !== undefined)
  }

  /** The pods that are there when the watch begins. Nothing has happened to them yet. */
  begin(pods: readonly Pod[], now: number): void {
    for (const pod of pods) this.seen(pod, now, true)
  }

  /** The object of a pod, as it is now. */
  seen(pod: Pod, now: number, old = false): Happened[] {
    const known = this.#stories.get(pod.uid)
    if (known?.goneAt !== undefined) return []
    const story = known ?? fresh(pod, now, old)
    this.#stories.set(pod.uid, story)
    const happened: Happened[] = []
    if (known === undefined && !old) happened.push({ kind: 'appeared', story })
    story.pod = pod
    // After its end, kubelets before 1.22 show a container as if it was yet to be created; only a restart counts.
    if (story.state?.kind !== 'ended' || pod.sidecar?.state.kind !== 'waiting')
      story.state = pod.sidecar?.state
    if (pod.ready && story.readyAt === undefined && !story.old) {
      story.readyAt = now
      happened.push({ kind: 'ready', story })
    }
    if (pod.stoppedAt !== undefined && story.stoppedAt === undefined) {
      story.stoppedAt = now
      happened.push({ kind: 'stopping', story })
    }
    return happened
  }

  /** The object of a pod is gone; `pod`: its last one, where the watch told it. */
  gone(uid: string, pod: Pod | undefined, now: number): Happened[] {
    if (!this.#stories.has(uid)) return []
    const happened = pod === undefined ? [] : this.seen(pod, now)
    const story = this.#stories.get(uid)!
    if (story.goneAt !== undefined) return []
    // One that was removed at once was never seen to be stopping.
    story.stoppedAt ??= now
    story.goneAt = now
    story.verdict = story.pod.sidecar === undefined ? undefined : verdictOf(story)
    return [...happened.filter(({ kind }) => kind !== 'ready'), { kind: 'gone', story }]
  }

  /** A list of all pods; those that it has not, although they were known before it was asked for, are gone. */
  listed(pods: readonly Pod[], knownBefore: readonly PodStory[], now: number): Happened[] {
    const uids = new Set(pods.map(({ uid }) => uid))
    return [
      ...pods.flatMap((pod) => this.seen(pod, now)),
      ...knownBefore.filter(({ uid }) => !uids.has(uid)).flatMap(({ uid }) => this.gone(uid, undefined, now)),
    ]
  }

  /** The log of a pod's lastcall since it was told to stop, to its end; it may come after the end of the object. */
  logged(uid: string, log: string): void {
    const story = this.#stories.get(uid)
    if (story === undefined) return
    story.logged = verdictIn(log)
    if (story.verdict !== undefined) story.verdict = verdictOf(story)
  }

  /** An answer of a pod's lastcall. */
  answered(uid: string, answer: Answered, now: number): Happened[] {
    const story = this.#stories.get(uid)
    if (story === undefined || story.goneAt !== undefined || answer.kind === 'none') return []
    const before = story.answer?.phase
    story.answer = answer
    // From before the kubelet's call of the hook: the pod is told to stop, its lastcall is not yet.
    if (story.stoppedAt === undefined || answer.drainMs === undefined || answer.phase === before) return []
    story.phases.push({ phase: answer.phase, at: now })
    return [{ kind: 'phase', story }]
  }
}

function fresh(pod: Pod, now: number, old: boolean): PodStory {
  return {
    name: pod.name,
    uid: pod.uid,
    old,
    seenAt: now,
    pod,
    readyAt: undefined,
    stoppedAt: undefined,
    goneAt: undefined,
    phases: [],
    answer: undefined,
    state: undefined,
    logged: undefined,
    verdict: undefined,
  }
}
