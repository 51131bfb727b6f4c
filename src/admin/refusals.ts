/**
 * Who was turned away from the admin port: counted, and logged without letting a stranger fill the log. Pure.
 */

/** `token`: missing or wrong. `address`: not in --hook-allow. `hooks`: too many wait already, or one on that connection. */
export const ADMIN_REFUSALS = ['token', 'address', 'hooks'] as const
export type AdminRefusal = (typeof ADMIN_REFUSALS)[number]
export type AdminRefused = Record<AdminRefusal, number>

export const NONE_REFUSED: Readonly<AdminRefused> = { token: 0, address: 0, hooks: 0 }

const LINE_EVERY_MS = 1000

export class Refusals {
  readonly total: AdminRefused = { ...NONE_REFUSED }
  #lineAt = -Infinity
  #unsaid = 0

  /** Counts one. Returns how many went unsaid since the last line if a line is due now, or undefined. */
  count(reason: AdminRefusal, nowMs: number): number | undefined {
    this.total[reason] += 1
    if (nowMs - this.#lineAt < LINE_EVERY_MS) {
      this.#unsaid += 1
      return undefined
    }
    const unsaid = this.#unsaid
    this.#lineAt = nowMs
    this.#unsaid = 0
    return unsaid
  }
}
