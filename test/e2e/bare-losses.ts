/**
 * What steps may lose with the bare pods that they replace: as much as rollouts of the same bare app lose in the same run,
 * and what chance adds to that. Pure.
 *
 * How many requests a bare rollout loses is chance: those that its pods had in hand as they died. Such counts spread like
 * Poisson's, or more widely if they come in bunches: so the variance is the mean, or the variance that was seen if that
 * is larger. Beyond three standard deviations a step has lost more than bare rollouts do. All steps of a run together have a
 * narrower margin, in proportion.
 */

const DEVIATIONS = 3

/** What one app lost: in each bare rollout, and with bare pods in each of the steps that replace them. */
export interface Losses {
  readonly bare: readonly number[]
  readonly steps: readonly number[]
}

/** How many such steps may lose in all. */
export function allowance(apps: readonly Losses[]): number {
  const expected = sum(apps.map(({ bare, steps }) => steps.length * meanOf(bare)))
  const variance = sum(
    apps.map(
      ({ bare, steps: { length } }) => spread(bare) * (length + length ** 2 / Math.max(1, bare.length)),
    ),
  )
  return Math.floor(expected + DEVIATIONS * Math.sqrt(variance))
}

/** What is wrong with a step; undefined if it may have lost so many. */
export function tooMany(lost: number, bare: readonly number[]): string | undefined {
  const most = allowance([{ bare, steps: [lost] }])
  if (lost <= most) return undefined
  return `${lost} requests were lost with bare pods; bare rollouts lost ${bare.join(', ')}: by chance at most ${most}`
}

/** The steps of all apps together, in a sentence, and whether they lost too many. */
export function together(apps: readonly Losses[]): { readonly text: string; readonly ok: boolean } {
  const steps = apps.flatMap((app) => app.steps)
  const bare = apps.flatMap((app) => app.bare)
  const most = allowance(apps)
  const text =
    `${sum(steps)} requests were lost with bare pods in ${steps.length} steps, ${meanOf(steps).toFixed(1)} in each; ` +
    `${bare.length} bare rollouts lost ${meanOf(bare).toFixed(1)} each: by chance at most ${most} in all`
  return { text, ok: sum(steps) <= most }
}

function spread(bare: readonly number[]): number {
  const mean = meanOf(bare)
  const seen = bare.length < 2 ? 0 : sum(bare.map((one) => (one - mean) ** 2)) / (bare.length - 1)
  return Math.max(mean, seen)
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0)
}
