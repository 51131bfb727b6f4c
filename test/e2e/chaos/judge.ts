/**
 * Was the outcome of a fault as promised? Pure. Each failed request is put where it belongs: to a pod that was not
 * touched, to what the touched pods held, to what reached them before the Service knew, or to none of these.
 *
 * A request that failed on a new connection without any answer names no pod: the Service had chosen, and the client
 * cannot know whom. It counts as one of the touched pods', unless the others' own counters say that they failed one.
 */
import type { FailureReport } from '../../../images/load-client/main.ts'
import type { Held } from '../../../images/load-client/held.ts'
import type { Blow, Spares } from './fault.ts'

export interface Evidence {
  readonly spares: Spares
  readonly blow: Blow
  readonly failures: readonly FailureReport[]
  /** By the clients' records, at the moments of the blow. */
  readonly held: Held
  /** What the lastcalls of the other pods say that they refused, cut or answered with 5xx meanwhile. */
  readonly othersFailed: number
}

export interface Judgement {
  readonly ok: boolean
  /** Failed requests of pods that were not touched. */
  readonly others: number
  /** What the touched pods had in hand, by the clients' records. */
  readonly held: number
  /** How much of it was lost. */
  readonly lost: number
  /** What reached the touched pods later and failed, until the Service stopped sending there. */
  readonly arrived: number
  /** Failed before the blow, or after everything should have been well again. */
  readonly strays: number
  /** Of `lost` and `arrived`: without a known pod. */
  readonly unknown: number
  /** Why it is not ok. */
  readonly because: readonly string[]
}

/** A blow needs so long to be felt, at most. */
export const SLACK_MS = 100
/** kube-proxy may be so far behind the endpoints. */
const PROXY_MS = 2000

type Place = 'others' | 'lost' | 'arrived' | 'strays'

export function judge({ spares, blow, failures, held, othersFailed }: Evidence): Judgement {
  const touched = new Set(blow.touched)
  const places = failures.map((failure) => placeOf(failure, blow, touched))
  const count = (place: Place) => places.filter((one) => one === place).length
  const [lost, arrived, strays] = [count('lost'), count('arrived'), count('strays')]
  const named = count('others')
  const others = Math.max(named, othersFailed)
  const inHand = held.unknown + blow.touched.reduce((sum, pod) => sum + (held.byPod[pod] ?? 0), 0)
  const unknown = failures.filter(
    ({ pod }, index) => pod === undefined && (places[index] === 'lost' || places[index] === 'arrived'),
  ).length
  const because = [
    ...(named > 0 ? [`${named} failed at pods that were not touched`] : []),
    ...(othersFailed > 0 ? [`pods that were not touched say that they failed ${othersFailed}`] : []),
    ...(strays > 0 ? [`${strays} failed before the fault or after its end`] : []),
    ...(lost > 0 && (spares === 'everything' || spares === 'connections')
      ? [`${lost} were lost in hand`]
      : []),
    ...(arrived > 0 && (spares === 'everything' || spares === 'new work')
      ? [`${arrived} that arrived later failed`]
      : []),
    ...(blow.problems ?? []),
  ]
  return { ok: because.length === 0, others, held: inHand, lost, arrived, strays, unknown, because }
}

/** Such a request was in nobody's hands, and such a connection was in the hands of the pod, whenever its client noticed. */
const REFUSED = /ECONNREFUSED/
const WAS_OPEN = /while idle/

function placeOf(failed: FailureReport, blow: Blow, touched: ReadonlySet<string>): Place {
  const { pod, failure, startedAt, endedAt } = failed
  if (pod !== undefined && !touched.has(pod)) return 'others'
  if (endedAt < blow.from - SLACK_MS) return 'strays'
  const held = startedAt <= blow.to + SLACK_MS ? !REFUSED.test(failure) : WAS_OPEN.test(failure)
  if (held && startedAt <= blow.until + PROXY_MS) return 'lost'
  return startedAt <= blow.until + PROXY_MS ? 'arrived' : 'strays'
}

const HARM =
  /^lastcall_(?:requests_total\{.*status_class="5xx".*\}|drain_cut_total(?:\{.*\})?|refused_total\{.*\}) (\d+)/

/** How many requests a lastcall failed by its own fault or its app's, from its /metrics. */
export function harm(metrics: string): number {
  return metrics.split('\n').reduce((sum, line) => sum + Number(HARM.exec(line)?.[1] ?? 0), 0)
}
