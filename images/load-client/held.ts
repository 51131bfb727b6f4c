/**
 * What a pod held in its hands when something hit it, from the clients' records alone. Pure; times of performance.now.
 */
import type { Record } from './main.ts'

/** Requests that were under way, by the pod that answered; of those that failed without any answer the pod is not known. */
export interface Held {
  readonly byPod: Readonly<{ [pod: string]: number }>
  readonly unknown: number
}

/**
 * The requests under way at some moment from `from` to `to`, less those that ended well before `to`: a blow that lasts
 * (a hung app) takes whatever is there at its end, and those that gave up waiting before. `podOf` gives the pod of a record.
 * A request that has not ended yet is in no record.
 */
export function held(
  records: Iterable<Record>,
  podOf: (one: Record) => string | undefined,
  from: number,
  to: number,
): Held {
  const byPod: { [pod: string]: number } = {}
  let unknown = 0
  for (const one of records) {
    const failedMeanwhile = one.failure !== undefined && one.endedAt >= from
    if (one.startedAt > to || (one.endedAt < to && !failedMeanwhile)) continue
    const pod = podOf(one)
    if (pod === undefined) unknown += 1
    else byPod[pod] = (byPod[pod] ?? 0) + 1
  }
  return { byPod, unknown }
}
