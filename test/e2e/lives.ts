/**
 * The stories of pods as timelines, in the shape in which a rehearsal draws its own: endpoint, readiness and containers,
 * in milliseconds from the deletion. Pure. Clients in a cluster only report what failed, so only that is a bar.
 */
import type { FailureReport } from '../../images/load-client/main.ts'
import type { Lane, RequestBar, Span, Termination } from '../../src/tools/rehearsal/timeline.ts'
import { SIDECAR } from './objects.ts'
import type { PodStory } from './pods.ts'

const BEFORE_MS = 1000

/** The end of a pod that was deleted; undefined if it was not. */
export function terminationOf(story: PodStory, failures: readonly FailureReport[]): Termination | undefined {
  const { name, deletedAt, goneAt, deregisteredAt, unreadyAt, endedAt, verdict } = story
  if (deletedAt === undefined) return undefined
  const since = (at: number) => at - deletedAt
  const own = failures.filter(({ pod }) => pod === name)
  const last = Math.max(
    ...Object.values(endedAt),
    ...own.map((one) => one.endedAt),
    deregisteredAt ?? deletedAt,
  )
  const goneMs = Math.max(0, since(goneAt ?? last))
  const lanes: Lane[] = [
    lane('endpoint', [
      span('listed', -BEFORE_MS, 0),
      span('propagating', 0, deregisteredAt === undefined ? goneMs : since(deregisteredAt)),
    ]),
    lane('readiness', [
      span('ready', -BEFORE_MS, unreadyAt === undefined ? goneMs : since(unreadyAt)),
      ...(unreadyAt === undefined ? [] : [span('not ready', since(unreadyAt), goneMs)]),
    ]),
    ...Object.entries(endedAt)
      .toSorted(([one], [other]) => Number(one !== SIDECAR) - Number(other !== SIDECAR))
      .map(([container, at]) =>
        lane(container, container === SIDECAR ? phases(verdict, since(at)) : running(since(at))),
      ),
  ]
  return { pod: name, fromMs: -BEFORE_MS, goneMs, lanes, requests: own.map((one) => bar(one, deletedAt)) }
}

function running(endMs: number): Span[] {
  return [span('running', -BEFORE_MS, endMs)]
}

/** As the verdict sums them up, in their order; they began with the hook, which is at the deletion. */
function phases(verdict: string | undefined, endMs: number): Span[] {
  const tookMs = (what: string) =>
    Number(new RegExp(`${what} ([\\d.]+) s`).exec(verdict ?? '')?.[1] ?? 0) * 1000
  if (verdict === undefined || !/settle |lame duck |draining /.test(verdict)) return running(endMs)
  const spans = [span('serving', -BEFORE_MS, 0)]
  let at = 0
  for (const [phase, what] of [
    ['settling', 'settle'],
    ['lame-duck', 'lame duck'],
    ['draining', 'draining'],
  ] as const) {
    spans.push(span(phase, at, Math.min(endMs, at + tookMs(what))))
    at += tookMs(what)
  }
  return [...spans, span('drained', at, endMs)]
}

function lane(name: string, spans: readonly Span[]): Lane {
  const seen = spans.filter(({ fromMs, toMs }) => toMs > fromMs)
  return { name, spans: seen, hook: undefined, sigtermMs: undefined, sigkillMs: undefined }
}

function span(what: string, fromMs: number, toMs: number): Span {
  return { what, fromMs, toMs }
}

function bar(failure: FailureReport, deletedAt: number): RequestBar {
  const { what, client, startedAt, endedAt } = failure
  return {
    fromMs: startedAt - deletedAt,
    toMs: endedAt - deletedAt,
    outcome: 'failed',
    says: `${what}: FAILED: ${failure.failure} after ${endedAt - startedAt} ms (${client})`,
    source: failure,
  }
}
