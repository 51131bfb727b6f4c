/**
 * Who was turned away from the admin port: counted. And how a stranger is kept from filling the log. Pure.
 */

import { Sparingly } from '../process/once-a-second.ts'

/**
 * `token`: missing or wrong. `address`: not in --hook-allow. `hooks`: too many wait already, or one on that connection.
 * `foreign-page`: sent by a web page that is not lastcall's own.
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
  readonly #lines = new Sparingly(1)

  /** Counts one. Returns how many went unsaid before if it may be said now, or undefined. */
  count(reason: AdminRefusal, nowMs: number): number | undefined {
    this.total[reason] += 1
    return this.#lines.say(nowMs)
  }
}
