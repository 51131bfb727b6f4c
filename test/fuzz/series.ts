/** One fuzzer over several seeds, and what it adds up to. */
import type { Difference, Kind, Step } from './kinds.ts'

export interface Orders {
  readonly seeds: readonly number[]
  /** Each seed ends after so many messages or seconds, whichever comes first, or with its first difference. */
  readonly messages: number
  readonly seconds: number
}

export interface Summary {
  readonly seeds: readonly number[]
  readonly messages: number
  readonly tally: Readonly<Record<string, number>>
  readonly seconds: number
  readonly found: readonly (Difference & { readonly seed: number })[]
}

/** Runs all seeds. `progress` is called after each stream or connection, and must be cheap. */
export async function series(
  kind: Kind,
  { seeds, messages, seconds }: Orders,
  progress: (seed: number, tally: Step['tally']) => void = () => undefined,
): Promise<Summary> {
  const start = performance.now()
  const sum: Record<string, number> = {}
  const found: Summary['found'][number][] = []
  for (const seed of seeds) {
    const over = performance.now() + seconds * 1000
    for await (const { tally, difference } of kind.campaign(seed)) {
      progress(seed, tally)
      if (difference !== undefined) found.push({ seed, ...difference })
      if (difference === undefined && kind.messages(tally) < messages && performance.now() < over) continue
      for (const [name, count] of Object.entries(tally)) sum[name] = (sum[name] ?? 0) + count
      break
    }
  }
  return {
    seeds,
    messages: kind.messages(sum),
    tally: sum,
    seconds: Math.round(performance.now() - start) / 1000,
    found,
  }
}
