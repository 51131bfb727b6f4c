/**
 * The pods of a workload and the workload itself, followed by kubectl's watches while they last, and asked by `/status`
 * while they stop. Shell: processes and timers; what it all means is in story.ts and progress.ts.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { at, branch, text, type Branch, type Tree } from '../manifest/tree.ts'
import { ASKED_AT_ONCE, askPod } from './ask.ts'
import { reasonOf, type Kubectl } from './kubectl.ts'
import { readPod, type Pod } from './pod.ts'
import { itemsOf } from './pods-of.ts'
import type { Happened, Stories } from './story.ts'

export interface Times {
  /** How often a pod that stops is asked. */
  readonly askMs: number
  /** How often the pods are listed, for ends that no watch told of. */
  readonly listMs: number
  /** Before a watch that ended begins again. */
  readonly againMs: number
  /** How often the end is looked for, and the lines move. */
  readonly turnMs: number
}

export const TIMES: Times = { askMs: 1000, listMs: 5000, againMs: 1000, turnMs: 250 }

export interface Followed {
  readonly kubectl: Kubectl
  /** TYPE/NAME of the workload, and the selector of its pods. */
  readonly target: string
  readonly selector: string
  readonly stories: Stories
  readonly times: Times
  readonly happened: (what: readonly Happened[]) => void
  /** The workload as it is now; undefined when it was deleted. */
  readonly workload: (object: Branch | undefined) => void
  readonly warn: (text: string) => void
}

/** Lists the pods of the selector. */
export async function listPods(kubectl: Kubectl, selector: string, signal: AbortSignal): Promise<Pod[]> {
  const answer = await kubectl.json<Tree>(['get', 'pods', '-l', selector], { signal })
  return itemsOf(answer).flatMap((object) => readPod(object) ?? [])
}

/** Follows until `signal` is aborted. Rejects only where following makes no sense any more: a right that is missing. */
export async function follow(followed: Followed, signal: AbortSignal): Promise<void> {
  const { target, selector, stories, happened, workload } = followed
  await Promise.all([
    watch(followed, ['pods', '-l', selector], signal, ({ type, object }) => {
      const pod = readPod(object)
      if (pod === undefined) return
      happened(type === 'DELETED' ? stories.gone(pod.uid, pod, now()) : stories.seen(pod, now()))
    }),
    watch(followed, [target], signal, ({ type, object }) =>
      workload(type === 'DELETED' ? undefined : object),
    ),
    relist(followed, signal),
    ask(followed, signal),
    read(followed, signal),
  ])
}

/** The clock of the stories. */
export function now(): number {
  return performance.now()
}

interface Change {
  readonly type: string
  readonly object: Branch
}

async function watch(
  { kubectl, times, warn }: Followed,
  what: readonly string[],
  signal: AbortSignal,
  seen: (change: Change) => void,
): Promise<void> {
  let warned = false
  while (!signal.aborted) {
    try {
      const args = ['get', ...what, '--watch', '--output-watch-events', '-o', 'json']
      for await (const document of kubectl.follow(args, signal)) {
        const change = branch(document as Tree)
        const type = text(change['type']) ?? ''
        // ERROR: what the server still had to tell is over; the next watch begins with all that is there.
        if (['ADDED', 'MODIFIED', 'DELETED'].includes(type)) seen({ type, object: branch(change['object']) })
        warned = false
      }
    } catch (error) {
      if (signal.aborted) return
      if (['forbidden', 'no-kubectl'].includes(reasonOf(error) ?? '')) throw error
      // A workload that is deleted has no watch any more.
      if (reasonOf(error) === 'not-found') return
      if (!warned) warn(`${error instanceof Error ? error.message : String(error)}\nTrying again.`)
      warned = true
    }
    await rest(times.againMs, signal)
  }
}

/** Pods whose end no watch told of, as it was between two watches. */
async function relist(
  { kubectl, selector, stories, times, happened }: Followed,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await rest(times.listMs, signal)
    const before = stories.present
    try {
      const pods = await listPods(kubectl, selector, signal)
      happened(stories.listed(pods, before, now()))
    } catch {
      // The watches say what is wrong.
    }
  }
}

/** Asks the pods that stop, each so often, several at a time. */
async function ask({ kubectl, stories, times, happened }: Followed, signal: AbortSignal): Promise<void> {
  const asking = new Map<string, number>()
  let running = 0
  while (!signal.aborted) {
    for (const { uid, pod, state } of stories.stopping) {
      const last = asking.get(uid) ?? -Infinity
      if (running >= ASKED_AT_ONCE || state?.kind !== 'running' || now() - last < times.askMs) continue
      asking.set(uid, Infinity)
      running += 1
      void askPod(kubectl, pod, signal)
        .then((answer) => happened(stories.answered(uid, answer, now())))
        .catch(() => {})
        .finally(() => {
          running -= 1
          asking.set(uid, now())
        })
    }
    await rest(times.turnMs, signal)
  }
}

/** Logs that are followed at a time: each is a process of kubectl for as long as the pod drains. */
const LOGS_AT_ONCE = 8
/** The verdict is among the last lines. */
const MOST_LOG = 1 << 16

/** Reads the logs of the pods that stop: a kubelet may remove a pod before it has told how its containers ended. */
async function read({ kubectl, stories, times }: Followed, signal: AbortSignal): Promise<void> {
  const begun = new Set<string>()
  let running = 0
  while (!signal.aborted) {
    for (const { uid, pod, state } of stories.stopping) {
      if (running >= LOGS_AT_ONCE || state?.kind !== 'running' || begun.has(uid)) continue
      begun.add(uid)
      running += 1
      const args = ['logs', pod.name, '-c', pod.sidecar!.container, '--follow', '--tail=0']
      void kubectl
        .run(args, { signal, last: MOST_LOG })
        .then((log) => stories.logged(uid, log))
        // It is one source of several; whoever may not read logs does without.
        .catch(() => {})
        .finally(() => (running -= 1))
    }
    await rest(times.turnMs, signal)
  }
}

/** Resolves after that time, or when the signal is aborted. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined)
}

/** The generation of an object: what its controller has yet to see. */
export function generationOf(object: Branch): number {
  const generation = at(object, 'metadata', 'generation')
  return typeof generation === 'number' ? generation : 0
}
