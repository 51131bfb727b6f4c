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
/** Kinds of clients in a sentence. */
const MOST_NAMED = 3

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
      ...(termination === undefined || sentMs === undefined
        ? []
        : podThen({ sentMs, endMs: failure.sinceDeletionMs ?? sentMs, reused: request.reused }, termination)),
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
export function since(ms: number, pod: string): string {
  return `${duration(Math.abs(ms))} ${ms < 0 ? 'before' : 'after'} the deletion of ${pod}`
}

/** A request in the time of its pod: milliseconds since the deletion. */
export interface Sent {
  readonly sentMs: number
  readonly endMs: number
  readonly reused: boolean
}

/** What the containers were doing when the request began, what changed until it failed, and whether the pod was listed. */
export function podThen({ sentMs, endMs, reused }: Sent, { lanes, goneMs }: Termination): string[] {
  const sentences: string[] = []
  const containers = lanes.filter(({ name }) => name !== 'endpoint' && name !== 'readiness')
  if (sentMs >= goneMs) sentences.push(`The pod had ended ${duration(sentMs - goneMs)} before.`)
  else if (containers.length > 0) {
    const states = containers.map((lane) => `${spoken(lane)} was ${stateAt(lane, sentMs)}`)
    sentences.push(`At that moment ${list(states)}.`)
    const changes = containers.flatMap((lane) => changesBetween(lane, sentMs, endMs))
    if (changes.length > 0) sentences.push(`While the request was in flight, ${list(changes)}.`)
  }
  const listed = lanes.find(({ name }) => name === 'endpoint')?.spans.at(-1)
  if (sentMs >= 0 && !reused && listed !== undefined && sentMs < listed.toMs)
    sentences.push(
      `The pod was still listed as an endpoint (until ${duration(listed.toMs)} after its deletion), so new connections went there.`,
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

/** What became of the request, by the end of its connection where that is known better than by the client's error. */
function happened({ request, connection }: Failure): string {
  const { status, failure = '', startedAt } = request
  if (status !== undefined || TIMEOUT.test(failure)) return errorInWords(failure)
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
      return errorInWords(failure)
    default:
      return connection!.firstEnd satisfies never
  }
}

const TIMEOUT = /TIMEOUT|ETIMEDOUT|DEADLINE_EXCEEDED|no (?:answer|echo) within/i
/** Errors of the clients, with the sentence for each; `$1` is what the pattern found. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  // lastcall marks its own answers with Proxy-Status (RFC 9209).
  [/^status (\d+) \(lastcall/, 'The answer was $1, from lastcall itself.'],
  [/^status (\d+)/, 'The answer was $1, from the app.'],
  [/^wrong/, 'The answer was not the right one.'],
  [TIMEOUT, 'No complete answer came, and the client gave up.'],
  [/^closed with (\d+)/, 'The WebSocket ended with code $1 while it was idle.'],
  [/^no echo: closed with (\d+)/, 'The WebSocket ended with code $1 before the echo of the message.'],
  [/^no connection/, 'The WebSocket did not come about.'],
  [/^([A-Z]+(?:_[A-Z]+)*) .*after \d+ of/, 'The gRPC stream ended early with $1.'],
  [/ECONNREFUSED/, 'The connection was refused.'],
  [/ECONNRESET/, 'The connection was reset.'],
  [/EPIPE/, 'The connection had been closed already when the request was written.'],
  [/other side closed|socket hang up/, 'The connection was closed without a complete answer.'],
  [/^(UNAVAILABLE|CANCELLED|INTERNAL|UNKNOWN) /, 'The gRPC call ended with $1.'],
]

/** What a client's error means. */
export function errorInWords(failure: string): string {
  const [pattern, sentence] = ERRORS.find(([one]) => one.test(failure)) ?? []
  if (pattern === undefined || sentence === undefined) return 'The client gave up with an error.'
  return sentence.replace('$1', pattern.exec(failure)![1] ?? '')
}

/** `340 ms`, `1.31 s` */
export function duration(ms: number): string {
  if (ms < 10) return `${Math.max(0, ms).toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}

/** Whose requests failed, the most first: `4 of idle/agent, 2 of slow/undici and 3 of 2 other kinds`; empty if none. */
export function whose(byClient: Readonly<Record<string, { readonly failed: number }>>): string {
  const kinds = Object.entries(byClient)
    .filter(([, { failed }]) => failed > 0)
    .toSorted(([, one], [, other]) => other.failed - one.failed)
  const named = kinds.length <= MOST_NAMED ? kinds : kinds.slice(0, MOST_NAMED - 1)
  const rest = kinds.slice(named.length)
  const others = rest.reduce((sum, [, { failed }]) => sum + failed, 0)
  return list([
    ...named.map(([client, { failed }]) => `${failed} of ${clipped(client, LONGEST)}`),
    ...(rest.length === 0 ? [] : [`${others} of ${rest.length} other kinds`]),
  ])
}

/** `one, two and three` */
export function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
