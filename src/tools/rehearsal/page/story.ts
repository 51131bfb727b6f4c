/**
 * A failed request of a rehearsal in plain sentences: who sent it and when, what its pod was doing then, and what
 * happened to it. Pure; the facts are the report's and the timeline's.
 */

import type { Failure } from '../report.ts'
import type { Lane, Termination } from '../timeline.ts'
import { clipped } from './markup.ts'

export interface Story {
  /** `GET /items` */
  readonly what: string
  /** Like `1.31 s after the deletion of pod-1`. */
  readonly when: string
  readonly sentences: readonly string[]
  /** The error as the client had it. */
  readonly raw: string
}

const LONGEST = 300

/** Tells a failure; `termination` is that of its pod, if the pod was stopped. */
export function storyOf(failure: Failure, termination: Termination | undefined): Story {
  const { request, pod } = failure
  const sentMs = sentAfter(failure)
  const name = pod === undefined ? undefined : clipped(pod, LONGEST)
  return {
    what: `${request.method} ${clipped(request.path, LONGEST)}`,
    when: name === undefined ? 'with no pod' : sentMs === undefined ? `with ${name}` : since(sentMs, name),
    sentences: [
      sent(failure, name),
      ...(termination === undefined || sentMs === undefined ? [] : podThen(failure, termination, sentMs)),
      happened(failure),
    ],
    raw: clipped(request.failure ?? '', LONGEST),
  }
}

/** Milliseconds from the deletion of its pod to the beginning of the request; undefined if its pod was not stopped. */
function sentAfter({ request, sinceDeletionMs }: Failure): number | undefined {
  return sinceDeletionMs === undefined ? undefined : sinceDeletionMs - (request.endedAt - request.startedAt)
}

function sent({ request, connection }: Failure, pod: string | undefined): string {
  const how = request.reused
    ? `on an open connection that had been idle for ${duration(request.idleMs)}`
    : 'on a new connection'
  if (pod !== undefined) return `Sent to ${pod} ${how}.`
  return connection === undefined
    ? `Sent ${how} that never came about.`
    : `Sent ${how}; the Service knew no pod.`
}

/** `1.31 s after the deletion of pod-1` */
function since(ms: number, pod: string): string {
  return `${duration(Math.abs(ms))} ${ms < 0 ? 'before' : 'after'} the deletion of ${pod}`
}

/** What the containers were doing when the request began, what changed until it failed, and what the Service knew. */
function podThen(failure: Failure, { lanes, goneMs }: Termination, sentMs: number): string[] {
  const endMs = failure.sinceDeletionMs ?? sentMs
  const sentences: string[] = []
  const containers = lanes.filter(({ name }) => name !== 'endpoint' && name !== 'readiness')
  if (sentMs >= goneMs) sentences.push(`The pod had ended ${duration(sentMs - goneMs)} before.`)
  else {
    sentences.push(
      `At that moment ${list(containers.map((lane) => `${spoken(lane)} was ${stateAt(lane, sentMs)}`))}.`,
    )
    const changes = containers.flatMap((lane) => changesBetween(lane, sentMs, endMs))
    if (changes.length > 0) sentences.push(`While the request was in flight, ${list(changes)}.`)
  }
  const listed = lanes.find(({ name }) => name === 'endpoint')?.spans.at(-1)
  if (sentMs >= 0 && !failure.request.reused && listed !== undefined && sentMs < listed.toMs)
    sentences.push(
      `The Service had not learned of the deletion yet (that took ${duration(listed.toMs)}) and still sent new connections there.`,
    )
  return sentences
}

function spoken({ name }: Lane): string {
  return name === 'app' ? 'the app' : name
}

function stateAt({ spans }: Lane, ms: number): string {
  const what = spans.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)?.what
  if (what === undefined) return ms < 0 ? 'running' : 'gone'
  return what === 'preStop hook' ? 'in its preStop hook' : what === 'lame-duck' ? 'in lame-duck' : what
}

function changesBetween(lane: Lane, fromMs: number, toMs: number): string[] {
  const within = (ms: number | undefined) => ms !== undefined && ms >= fromMs && ms <= toMs
  const end = lane.spans.at(-1)?.toMs
  return [
    ...(within(lane.sigtermMs) ? [`${spoken(lane)} got SIGTERM`] : []),
    ...(within(lane.sigkillMs) ? [`${spoken(lane)} was killed`] : []),
    ...(within(end) ? [`${spoken(lane)} ended`] : []),
  ]
}

const TIMEOUT = /TIMEOUT|ETIMEDOUT|no answer within/i

/** What became of the request, by the end of its connection where that is known better than by the client's error. */
function happened({ request, connection }: Failure): string {
  const { status, failure = '', startedAt } = request
  if (status !== undefined) return answered(status, failure)
  if (TIMEOUT.test(failure)) return 'No complete answer came, and the client gave up.'
  const endedMs = connection?.firstEndAt === undefined ? 0 : connection.firstEndAt - startedAt
  const early = `${duration(-endedMs)} before, and the client had not noticed`
  switch (connection?.firstEnd) {
    case 'refused':
      return 'The connection was refused: nothing listened on the port of the pod.'
    case 'no-endpoint':
      return 'The Service reset the connection.'
    case 'pod-rst':
      return endedMs < 0
        ? `The pod had reset the connection ${early}.`
        : 'The pod reset the connection without a complete answer.'
    case 'pod-fin':
      return endedMs < 0
        ? `The pod had closed the connection ${early}.`
        : 'The pod closed the connection without a complete answer.'
    case 'client-fin':
    case 'client-rst':
    case 'closed':
    case undefined:
      return 'The client gave up with an error.'
    default:
      return connection!.firstEnd satisfies never
  }
}

function answered(status: number, failure: string): string {
  if (!failure.startsWith('status')) return `The answer (${status}) was not the right one.`
  // lastcall marks its own answers with Proxy-Status (RFC 9209).
  return `The answer was ${status}, from ${/\(lastcall/.test(failure) ? 'lastcall itself' : 'the app'}.`
}

/** `340 ms`, `1.31 s` */
export function duration(ms: number): string {
  if (ms < 10) return `${Math.max(0, ms).toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}

/** `one, two and three` */
export function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
