/**
 * Whether a lastcall that has worked for long is as it was: judged by its levels at rest, each taken when nobody was
 * there. Pure. Descriptors have to be what they were; memory may not grow, and how that is told from noise is said here.
 */

export const MIB = 1024 * 1024

/** What it held at rest; medians of some samples. */
export interface Level {
  readonly atMs: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly fds: number
}

/** Fewer say nothing of a trend. */
const LEAST_LEVELS = 3
/** At one moment: the health check of each port, and the connection that has asked for the collection. */
const SPARE_FDS = 3
/** As a rule. */
const USUAL_SPARE_FDS = 1
/**
 * Over the second half, whatever its length: a soak that lasts longer is judged more strictly. The heap is exact, as its
 * garbage has been collected; of what the kernel counts, much belongs to pools that breathe.
 */
const MOST_GROWTH = { rssBytes: 8 * MIB, heapBytes: 1 * MIB } as const

/**
 * What is wrong; empty if nothing is. `levels`: one after each round, the first after the warm-up. Memory is judged over
 * the second half, as caches, pools and compiled code fill in the first: the median of the slopes between each two levels
 * (Theil and Sen), so that a few levels out of line say nothing, times the time from the first of them to the last.
 */
export function judge(levels: readonly Level[]): string[] {
  const [first] = levels
  const half = levels.slice(Math.floor(levels.length / 2))
  if (first === undefined || half.length < LEAST_LEVELS)
    return [`${levels.length} levels are too few: a longer soak can be judged`]
  const wrong: string[] = []
  for (const { atMs, fds } of levels)
    if (fds > first.fds + SPARE_FDS)
      wrong.push(`${fds} descriptors at rest after ${seconds(atMs)}, ${first.fds} at first`)
  const usual = median(half.map(({ fds }) => fds))
  if (usual > first.fds + USUAL_SPARE_FDS)
    wrong.push(`${usual} descriptors at rest in the second half, ${first.fds} at first`)
  for (const [name, key] of [
    ['resident memory', 'rssBytes'],
    ['used heap', 'heapBytes'],
  ] as const) {
    const growth = growthOf(half.map((level) => [level.atMs, level[key]]))
    if (growth > MOST_GROWTH[key])
      wrong.push(
        `${name} grows: ${(growth / MIB).toFixed(1)} MiB in the second half, ` +
          `${seconds(half.at(-1)!.atMs - half[0]!.atMs)}; at most ${MOST_GROWTH[key] / MIB} MiB`,
      )
  }
  return wrong
}

/** By how much a series grows from its first point to its last, by the median slope. Points: [time, value]. */
function growthOf(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([time, value], i) =>
    points.slice(i + 1).map(([later, next]) => (next - value) / (later - time)),
  )
  return median(slopes) * (points.at(-1)![0] - points[0]![0])
}

/** The middle one, or the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.floor(middle)]!) / 2
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
