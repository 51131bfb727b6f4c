/** Counts refused calls on the admin port by reason, and keeps strangers from filling the log. Pure. */

import { LineLimit } from '../process/once-a-second.ts'

/**
 * `token`: missing or wrong. `address`: not in --hook-allow. `hooks`: too many are waiting, or one is on the same
 * connection. `foreign-page`: a web page that is not lastcall's own sent it.
 */
export const ADMIN_REFUSALS = ['token', 'address', 'hooks', 'foreign-page'] as const
export type AdminRefusal = (typeof ADMIN_REFUSALS)[number]
export type AdminRefused = Record<AdminRefusal, number>

export const NONE_REFUSED: Readonly<AdminRefused> = {
  token: 0,
  address: 0,
  hooks: 0,
  'foreign-page': 0,
}

export class Refusals {
  readonly total: AdminRefused = { ...NONE_REFUSED }
  readonly #lines = new LineLimit(1)

  /** Counts one. If it may be logged now, returns how many were not logged before it; otherwise undefined. */
  count(reason: AdminRefusal, nowMs: number): number | undefined {
    this.total[reason] += 1
    return this.#lines.admit(nowMs)
  }
}
