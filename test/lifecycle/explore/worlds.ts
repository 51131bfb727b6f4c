/** The worlds that are explored: sums of the flags, and how time passes. */
import { budgetOf } from '../../fixtures/world.ts'
import type { World } from './explore.ts'

const SECONDS = { by: 'second', late: 0 } as const

export const WORLDS: readonly World[] = [
  {
    name: 'no settle, no quiet, by the second',
    budget: budgetOf({ gracePeriodMs: 4000, settleMs: 0, quietMs: 0, lameDuckMaxMs: 0, appStopMs: 2000 }),
    time: SECONDS,
  },
  {
    name: 'everything short, by the second',
    budget: budgetOf({
      gracePeriodMs: 6000,
      settleMs: 1000,
      quietMs: 1000,
      lameDuckMaxMs: 2000,
      appStopMs: 1000,
    }),
    time: SECONDS,
  },
  {
    name: 'settle and quiet as long as the hooks may wait, by the second',
    budget: budgetOf({
      gracePeriodMs: 4000,
      settleMs: 1000,
      quietMs: 2000,
      lameDuckMaxMs: 2000,
      appStopMs: 1000,
    }),
    time: SECONDS,
  },
  {
    name: 'the defaults, at the moments that matter',
    budget: budgetOf(),
    time: { by: 'moments', late: 0 },
  },
  {
    name: 'the defaults, with timers that are late by 5 ms',
    budget: budgetOf(),
    time: { by: 'moments', late: 5 },
  },
]
