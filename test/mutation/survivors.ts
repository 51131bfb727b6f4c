/**
 * The mutants that live, each with the reason why no test can, or need, kill it. `npm run mutate` fails where one lives that is
 * not here, or where one that is here has died.
 */

export interface Survivor {
  readonly file: string
  /** The line of the source on which it begins, without its indent. */
  readonly line: string
  /** What it is, and what it was made into; both cut to 60 characters. */
  readonly change: string
  readonly why: string
}

export const SURVIVORS: readonly Survivor[] = []
