/** What a proxy adds to a latency: its own minus that of no proxy in the same case and round. */

import { DIRECT } from '../peers/peer.ts'
import type { Sample } from '../sample.ts'

/** The samples, those with latencies completed. */
export function withAdded(samples: readonly Sample[]): Sample[] {
  return samples.map((sample) => {
    const { p50Us, p99Us } = sample.values
    const bare = samples.find(
      ({ scenario, case: one, round, peer }) =>
        scenario === sample.scenario && one === sample.case && round === sample.round && peer === DIRECT,
    )?.values
    const [bareP50, bareP99] = [bare?.['p50Us'], bare?.['p99Us']]
    if (p50Us === undefined || p99Us === undefined || bareP50 === undefined || bareP99 === undefined)
      return sample
    if (sample.peer === DIRECT) return sample
    return {
      ...sample,
      values: { ...sample.values, addedP50Us: p50Us - bareP50, addedP99Us: p99Us - bareP99 },
    }
  })
}
