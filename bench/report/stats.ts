/** From samples to figures: the median of the rounds, and how far they lie apart. */

import type { Sample } from '../sample.ts'

export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Everything that was measured of one peer in one case. */
export interface Row {
  readonly scenario: string
  readonly case: string
  readonly peer: string
  readonly figures: ReadonlyMap<string, Figure>
  readonly marks: readonly string[]
  readonly curve: readonly number[] | undefined
}

/** The median; of an even number, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle]!
  return sorted.length === 0 ? Number.NaN : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function figureOf(values: readonly number[]): Figure {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/** A row for each peer in each case, in the order in which they came first. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, ({ scenario, case: one, peer }) => `${scenario}\n${one}\n${peer}`)
  return [...groups.values()].map((group) => {
    const first = group[0]!
    const names = new Set(group.flatMap(({ values }) => Object.keys(values)))
    const figures = new Map<string, Figure>()
    for (const name of names) {
      const values = group.map((sample) => sample.values[name]).filter((value) => value !== undefined)
      figures.set(name, figureOf(values.filter(Number.isFinite)))
    }
    const curves = group.flatMap(({ curve }) => (curve === undefined || curve.length === 0 ? [] : [curve]))
    return {
      scenario: first.scenario,
      case: first.case,
      peer: first.peer,
      figures,
      marks: [...new Set(group.flatMap(({ marks }) => marks))],
      curve:
        curves.length === 0
          ? undefined
          : curves[0]!.map((_, at) => median(curves.map((curve) => curve[at]!))),
    }
  })
}

/** The median of one figure; undefined if it was not measured. */
export function medianOf(rows: readonly Row[], scenario: string, one: RegExp, peer: string, metric: string) {
  const found = rows.find((row) => row.scenario === scenario && row.peer === peer && one.test(row.case))
  return found?.figures.get(metric)?.median
}
