/**
 * Who was turned away from the admin port: counted. And how a stranger is kept from filling the log. Pure.
 */

/** `token`: missing or wrong. `address`: not in --hook-allow. `hooks`: too many wait already, or one on that connection. */
export const ADMIN_REFUSALS = ['token', 'address', 'hooks'] as const
export type AdminRefusal = (typeof ADMIN_REFUSALS)[number]
export type AdminRefused = Record<AdminRefusal, number>

export const NONE_REFUSED: Readonly<AdminRefused> = { token: 0, address: 0, hooks: 0 }

export class Refusals {
  readonly total: AdminRefused = { ...NONE_REFUSED }
  readonly #lines = new Sparingly(1)

  /** Counts one. Returns how many went unsaid before if it may be said now, or undefined. */
  count(reason: AdminRefusal, nowMs: number): number | undefined {
    this.total[reason] += 1
    return this.#lines.say(nowMs)
  }
}

const SECOND_MS = 1000

/** So many lines in any second that begins with one; the rest are counted. */
export class Sparingly {
  readonly #perSecond: number
  #since = -Infinity
  #said = 0
  #unsaid = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** How many went unsaid before, if one more may be said at this time, or undefined: this one goes unsaid, too. */
  say(nowMs: number): number | undefined {
    if (nowMs - this.#since >= SECOND_MS) {
      this.#since = nowMs
      this.#said = 0
    }
    if (this.#said >= this.#perSecond) {
      this.#unsaid += 1
      return undefined
    }
    const unsaid = this.#unsaid
    this.#said += 1
    this.#unsaid = 0
    return unsaid
  }
}
