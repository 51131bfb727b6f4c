/**
 * Logs calls of hooks and commands on the admin port, and refused calls. The number of lines per second is limited,
 * because a stranger may call thousands of times. Shell: reads the clock.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { LineLimit } from '../process/once-a-second.ts'
import { type AdminRefusal, type AdminRefused, Refusals } from './refusals.ts'

export interface AdminLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** More than any pod needs. */
const LINES_A_SECOND = 50

const REFUSED: { readonly [R in AdminRefusal]: string } = {
  token: 'the token is missing or wrong (--token)',
  address: 'the caller is not in --hook-allow',
  'foreign-page': "a web page other than lastcall's own sent it from somebody's browser",
  hooks: 'too many hooks are waiting, in total or from this address, or one is waiting on this connection',
}

/** How a hook call ends. */
export interface HookLines {
  failed(error: unknown): void
  /** `disconnected`: the caller was gone before the answer. */
  ended(disconnected: boolean): void
}

export class CallLog {
  readonly #log: AdminLog
  readonly #refusals = new Refusals()
  readonly #lines = new LineLimit(LINES_A_SECOND)

  constructor(log: AdminLog) {
    this.#log = log
  }

  /** Refused calls since the start, by reason. */
  get refused(): Readonly<AdminRefused> {
    return this.#refusals.total
  }

  /** Logs a hook call. Its end is logged only if its beginning was; an error is always logged. */
  hook(who: 'app' | 'sidecar', { socket, headers }: IncomingMessage): HookLines {
    const log = this.#log
    const fields = { hook: who, from: callerOf(socket), agent: headers['user-agent'] }
    const started = performance.now()
    const unsaid = this.#lines.admit(started)
    if (unsaid !== undefined) log.info({ ...fields, ...(unsaid > 0 && { unsaid }) }, `hook ${who}: called`)
    return {
      failed: (error) => log.warn({ ...fields, err: error }, `hook ${who}: failed`),
      ended(disconnected) {
        if (unsaid === undefined) return
        const heldMs = Math.round(performance.now() - started)
        if (disconnected)
          log.warn({ ...fields, heldMs }, `hook ${who}: the caller disconnected before the answer`)
        else log.info({ ...fields, heldMs }, `hook ${who}: answered`)
      },
    }
  }

  /** Logs a command that is carried out. */
  command(what: string, { socket }: IncomingMessage): void {
    const unsaid = this.#lines.admit(performance.now())
    if (unsaid === undefined) return
    this.#log.info({ from: callerOf(socket), ...(unsaid > 0 && { unsaid }) }, `admin: ${what}`)
  }

  /** Counts and logs a refused call. The path is one of lastcall's own, so it may be logged. */
  refuse(reason: AdminRefusal, { socket, url }: IncomingMessage): void {
    const unsaid = this.#refusals.count(reason, performance.now())
    if (unsaid === undefined) return
    const more = unsaid === 0 ? '' : `; ${unsaid} more since the last such line`
    const path = url?.split('?')[0]?.slice(0, 100)
    this.#log.warn(
      { reason, from: callerOf(socket), path, unsaid },
      `admin: refused: ${REFUSED[reason]}${more}`,
    )
  }
}

/** The address of a caller. As everywhere in lastcall, an IPv4-mapped address is written as IPv4. */
export function callerOf({ remoteAddress }: Socket): string {
  return remoteAddress?.replace(/^::ffff:/i, '') ?? 'an unknown address'
}
