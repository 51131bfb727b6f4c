/** Waits for a rollout: prints a line for each pod, and the reasons if it fails. */
import { setTimeout as pause } from 'node:timers/promises'
import { at, list, number, text, type Branch, type Tree } from '../manifest/tree.ts'
import { printDuration } from '../../proxy/config/units.ts'
import { failure, reasonOf, type Kubectl } from './kubectl.ts'
import { nameOf, referenceOf, selectorOf, type Live } from './live.ts'
import { plain } from './plain.ts'
import { podState, type PodState } from './pod-state.ts'
import type { Printer } from './printer.ts'
import { replicaFailure, rolloutOf } from './rollout.ts'

export type Waited = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly why: readonly string[] }

export interface Watcher {
  readonly kubectl: Kubectl
  readonly printer: Printer
  readonly stop: AbortSignal
}

const POLL_MS = 700
/** How long the API server may be unreachable (an upgrade of the control plane); the pods do not need it. */
const AWAY_MS = 60_000
const ENDPOINTS_MS = 30_000
const MOST_EVENTS = 3
/** Temporary errors of an API server that restarts or is overloaded, in kubectl's words. */
const PASSING =
  /TLS handshake timeout|connection reset by peer|unexpected EOF|client connection lost|etcdserver:|\((ServiceUnavailable|Timeout|ServerTimeout|TooManyRequests)\)/
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/**
 * Waits until every pod of the workload matches its template and is available. `failed` when Kubernetes gives up or
 * `timeoutMs` have passed. Rejects with reason `interrupted` at the stop signal.
 */
export async function waitForRollout(
  { kubectl, printer, stop }: Watcher,
  workload: Live,
  timeoutMs: number,
): Promise<Waited> {
  const beganAt = performance.now()
  let seenAt = beganAt
  for (;;) {
    if (stop.aborted) throw failure('interrupted', 'interrupted')
    try {
      const [now, pods] = await Promise.all([
        kubectl.json<Branch>(['get', referenceOf(workload)], { signal: stop }),
        podsOf(kubectl, workload, stop),
      ])
      seenAt = performance.now()
      const states = pods.map(podState)
      printer.moving(states.map(podLine))
      const rollout = rolloutOf(now)
      if (rollout.kind === 'done') {
        printer.settle()
        return { kind: 'done' }
      }
      const late = performance.now() - beganAt >= timeoutMs
      if (rollout.kind === 'failed' || late) {
        printer.settle()
        const what = late ? `not complete after ${printDuration(timeoutMs)}: ${rollout.says}` : rollout.says
        return { kind: 'failed', why: [what, ...(await reasons(kubectl, now, states, stop))] }
      }
    } catch (error) {
      if (!passes(error) || performance.now() - seenAt > AWAY_MS) throw error
    }
    await pause(POLL_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}

/** Whether the same call may succeed in a moment: the API server could not be reached, or was not ready for it. */
function passes(error: unknown): boolean {
  return reasonOf(error) === 'no-connection' || PASSING.test(String(error))
}

/** Retries `work` while the API server is temporarily unreachable. Rejects as `work` does. */
export async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
  const beganAt = performance.now()
  for (;;)
    try {
      return await work()
    } catch (error) {
      if (!passes(error) || performance.now() - beganAt > AWAY_MS) throw error
      await pause(POLL_MS)
    }
}

/** The pods that a workload's selector selects, oldest first. */
export async function podsOf(kubectl: Kubectl, workload: Live, signal?: AbortSignal): Promise<Branch[]> {
  const args = ['get', 'pods', '-l', selectorOf(workload)]
  const { items } = await kubectl.json<{ items: Branch[] }>(args, signal === undefined ? {} : { signal })
  return items.toSorted((a, b) => (bornAt(a) < bornAt(b) ? -1 : Number(bornAt(a) > bornAt(b))))
}

function bornAt(pod: Branch): string {
  return text(at(pod, 'metadata', 'creationTimestamp')) ?? ''
}

function podLine({ name, lastcall, says }: PodState): string {
  return `  ${name}  ${lastcall ? 'with lastcall   ' : 'without lastcall'}  ${says}`
}

/** Why the pods are not ready: from their status, refused pods, and events. */
async function reasons(
  kubectl: Kubectl,
  workload: Branch,
  pods: readonly PodState[],
  signal: AbortSignal,
): Promise<string[]> {
  const refused = replicaFailure(workload)
  const waiting = pods.filter(({ ready, stopping }) => !ready && !stopping)
  const said = waiting.map(({ name, why }) => `pod ${name}: ${why ?? 'is not ready'}`)
  const names = new Set(waiting.map(({ name }) => name))
  const events = await warnings(kubectl, nameOf(workload), names, signal)
  return [...(refused === undefined ? [] : [refused]), ...said, ...events]
}

/** The last warning events of the workload and of these pods; none without the permission to read events. */
async function warnings(
  kubectl: Kubectl,
  workload: string,
  pods: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const args = ['get', 'events', '--field-selector', 'type=Warning']
  const { items } = await kubectl
    .json<{ items: readonly Tree[] }>(args, { signal })
    .catch(() => ({ items: [] as readonly Tree[] }))
  const own = items.filter((event) => {
    const name = text(at(event, 'involvedObject', 'name')) ?? ''
    const kind = text(at(event, 'involvedObject', 'kind'))
    if (kind === 'Pod') return pods.has(name)
    return kind === 'ReplicaSet'
      ? name.startsWith(`${workload}-`)
      : WORKLOADS.has(kind ?? '') && name === workload
  })
  const lines = own.map((event) => {
    const about = `${text(at(event, 'involvedObject', 'kind'))?.toLowerCase()} ${text(at(event, 'involvedObject', 'name'))}`
    return `event of ${about}: ${plain(text(at(event, 'reason')) ?? '')}: ${plain(text(at(event, 'message')) ?? '')}`
  })
  return [...new Set(lines)].slice(-MOST_EVENTS)
}

/** Deletes the broken pods of a StatefulSet: it does not replace them by itself after its template was reverted. */
export async function clearBroken(
  kubectl: Kubectl,
  workload: Live,
  revision: string | undefined,
): Promise<void> {
  if (workload['kind'] !== 'StatefulSet' || revision === undefined) return
  const broken = (await podsOf(kubectl, workload)).filter(
    (pod) => at(pod, 'metadata', 'labels', 'controller-revision-hash') === revision && !podState(pod).ready,
  )
  for (const pod of broken)
    await kubectl.run(['delete', `pod/${nameOf(pod)}`, '--wait=false', '--ignore-not-found'], {
      shielded: true,
    })
}

/**
 * Waits until a Service's endpoints have these ports of the pods and no others, which takes a moment after a change.
 * Resolves to false if that takes too long or they cannot be read; the change is made in any case.
 */
export async function waitForEndpoints(
  { kubectl, stop }: Watcher,
  service: Live,
  ports: readonly number[],
): Promise<boolean> {
  const args = ['get', 'endpointslices', '-l', `kubernetes.io/service-name=${nameOf(service)}`]
  const until = performance.now() + ENDPOINTS_MS
  while (performance.now() < until) {
    if (stop.aborted) throw failure('interrupted', 'interrupted')
    const items = await kubectl
      .json<{ items: readonly Tree[] }>(args, { signal: stop })
      .then((answer) => answer.items)
      .catch((error: unknown) => {
        if (reasonOf(error) === 'interrupted') throw error
      })
    if (items === undefined) return false
    const there = items
      .filter((slice) => list(at(slice, 'endpoints')).length > 0)
      .flatMap((slice) => list(at(slice, 'ports')))
      .filter((port) => (at(port, 'protocol') ?? 'TCP') === 'TCP')
    if (there.every((port) => ports.includes(number(at(port, 'port')) ?? 0))) return true
    await pause(POLL_MS, undefined, { signal: stop }).catch(() => undefined)
  }
  return false
}
