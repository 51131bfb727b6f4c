/**
 * What became of each pod, from what kubectl's watches said of pods and EndpointSlices, and when. Pure: fed with changes
 * and the times of their arrival (milliseconds of the epoch). A watch tells of a deletion some milliseconds late.
 */
import type { Change } from './kubectl.ts'
import { SIDECAR } from './objects.ts'

export interface PodStory {
  readonly name: string
  readonly uid: string
  /** Without lastcall. */
  bare: boolean
  /** When it was seen on a node, and ready for the first time; undefined for one that was ready when the watch began. */
  startedAt: number | undefined
  firstReadyAt: number | undefined
  ready: boolean
  /** When it was seen to stop being ready; undefined while it is ready, or was never. */
  unreadyAt: number | undefined
  restarts: number
  /** When its deletion was seen; its last container's end; the end of its object. */
  deletedAt: number | undefined
  goneAt: number | undefined
  /** When no EndpointSlice had it as ready any more; undefined while one has. */
  deregisteredAt: number | undefined
  /** How its containers ended for good: `app 0`, `lastcall 1`. */
  exits: readonly string[]
  /** When each of these ends was seen. */
  readonly endedAt: { [container: string]: number }
  /** The last words of its lastcall: the verdict line. */
  verdict: string | undefined
}

interface ContainerStatus {
  readonly name: string
  readonly restartCount: number
  readonly state?: { readonly terminated?: { readonly exitCode: number; readonly message?: string } }
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec?: {
    readonly nodeName?: string
    readonly containers?: readonly { readonly name: string }[]
    readonly initContainers?: readonly { readonly name: string }[]
  }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface Slice {
  readonly metadata: { readonly name: string }
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean }
        readonly targetRef?: { readonly name?: string }
      }[]
    | null
}

export class Pods {
  readonly stories = new Map<string, PodStory>()
  readonly #slices = new Map<string, ReadonlySet<string>>()
  #listed: ReadonlySet<string> = new Set()
  /** The times in which the Service had no ready endpoint at all; the last one may go on. */
  readonly empty: { readonly from: number; to: number | undefined }[] = []

  /** The pods that are there, also those on their way out. */
  get present(): readonly PodStory[] {
    return [...this.stories.values()].filter(({ goneAt }) => goneAt === undefined)
  }

  /** A change of a pod, seen at this time. */
  pod({ type, object }: Change, at: number): void {
    const { metadata, spec, status } = object as PodObject
    if (type === 'BOOKMARK' || type === 'ERROR') return
    const story = this.#story(metadata.name, metadata.uid)
    story.bare = ![...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(
      ({ name }) => name === SIDECAR,
    )
    if (metadata.deletionTimestamp !== undefined) story.deletedAt ??= at
    const wasReady = story.ready
    story.ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false
    if (story.ready) story.unreadyAt = undefined
    else if (wasReady) story.unreadyAt = at
    if (!story.ready && spec?.nodeName !== undefined) story.startedAt ??= at
    if (story.ready && story.startedAt !== undefined) story.firstReadyAt ??= at
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    story.restarts = containers.reduce((sum, { restartCount }) => sum + restartCount, 0)
    const ended = containers.flatMap(({ name, state }) =>
      state?.terminated === undefined ? [] : [{ name, ...state.terminated }],
    )
    if (ended.length > 0) story.exits = ended.map(({ name, exitCode }) => `${name} ${exitCode}`)
    for (const { name } of ended) story.endedAt[name] ??= at
    const words = ended.find(({ name }) => name === SIDECAR)?.message?.trim()
    if (words !== undefined && words !== '') story.verdict = words
    if (type === 'DELETED') {
      story.deletedAt ??= at
      story.goneAt ??= at
    }
  }

  /** A change of an EndpointSlice of the Service, seen at this time. */
  slice({ type, object }: Change, at: number): void {
    const { metadata, endpoints } = object as Slice
    if (type === 'BOOKMARK' || type === 'ERROR') return
    // Not said is ready, as EndpointSlices have it.
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    if (type === 'DELETED') this.#slices.delete(metadata.name)
    else this.#slices.set(metadata.name, new Set(ready.flatMap(({ targetRef }) => targetRef?.name ?? [])))
    const listed = new Set<string>()
    for (const names of this.#slices.values()) for (const name of names) listed.add(name)
    for (const story of this.stories.values()) {
      if (listed.has(story.name)) story.deregisteredAt = undefined
      else if (this.#listed.has(story.name)) story.deregisteredAt = at
    }
    if (listed.size === 0 && this.#listed.size > 0) this.empty.push({ from: at, to: undefined })
    const last = this.empty.at(-1)
    if (listed.size > 0 && last !== undefined) last.to ??= at
    this.#listed = listed
  }

  #story(name: string, uid: string): PodStory {
    const known = this.stories.get(name)
    if (known !== undefined && known.uid === uid) return known
    const story: PodStory = {
      name,
      uid,
      bare: false,
      startedAt: undefined,
      firstReadyAt: undefined,
      ready: false,
      unreadyAt: undefined,
      restarts: 0,
      deletedAt: undefined,
      goneAt: undefined,
      deregisteredAt: undefined,
      exits: [],
      endedAt: {},
      verdict: undefined,
    }
    this.stories.set(name, story)
    return story
  }
}
