/**
 * One health check of the app: a connection, or an HTTP GET with undici. Shell; reports success or the reason of
 * failure, and leaves the judgement to `judge.ts`. As for the kubelet, 200 to 399 is healthy.
 */
import type { Client } from 'undici'
import type { Cancel, Clock } from '../process/clock.ts'
import type { Address, Field, HealthCheck } from '../config/config.ts'
import { dialErrorText } from '../sockets/dial-error.ts'
import { dial } from './dial.ts'

export type Checked = { readonly ok: true } | { readonly ok: false; readonly why: string }

/**
 * The most that is read of the answer's body. The content is ignored; it is read so that the app's answer is not cut
 * off.
 */
const BODY_BYTES = 64 * 1024

/**
 * Makes one check and calls `done` exactly once, within `timeoutMs`. Never throws. For an http check the app's own
 * address is not used; `headers` are sent with it. Returns a function that ends the check without calling `done`.
 */
export function check(
  app: Address,
  health: HealthCheck,
  headers: readonly Field[],
  timeoutMs: number,
  clock: Clock,
  done: (result: Checked) => void,
): Cancel {
  if (health.kind === 'http') return get(health.url, headers, timeoutMs, clock, done)
  return dial(health.address ?? app, timeoutMs, clock, (result) =>
    done(result.kind === 'connected' ? { ok: true } : { ok: false, why: result.why }),
  )
}

function get(
  url: string,
  fields: readonly Field[],
  timeoutMs: number,
  clock: Clock,
  done: (result: Checked) => void,
): Cancel {
  const abort = new AbortController()
  let cancelled = false
  const cancelTimer = clock.after(timeoutMs, () =>
    abort.abort(new Error(`GET ${url}: no answer within ${timeoutMs} ms`)),
  )
  const run = async () => {
    const result = await ask(url, fields, timeoutMs, abort.signal)
    cancelTimer()
    if (!cancelled) done(result)
  }
  void run()
  return () => {
    cancelled = true
    cancelTimer()
    abort.abort(new Error('the check was given up'))
  }
}

/** A new connection for each check, as the kubelet does: a kept connection may be stale and give a wrong result. */
async function ask(
  url: string,
  fields: readonly Field[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Checked> {
  let client: Client | undefined
  try {
    // Loaded once, by the first http check: checks by connecting do not need its 10 MB and 50 ms.
    const { default: undici } = await import('undici')
    const { origin, pathname, search } = new URL(url)
    client = new undici.Client(origin, {
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: timeoutMs },
    })
    const own = fields.some(([name]) => name.toLowerCase() === 'user-agent')
    const headers = [...(own ? [] : ['user-agent', 'lastcall-health']), ...fields.flat()]
    const answer = await client.request({ method: 'GET', path: pathname + search, headers, signal })
    await answer.body.dump({ limit: BODY_BYTES, signal }).catch(() => undefined)
    if (answer.statusCode >= 200 && answer.statusCode < 400) return { ok: true }
    return { ok: false, why: `GET ${url} answered ${answer.statusCode}` }
  } catch (error) {
    return { ok: false, why: textOf(signal.aborted ? signal.reason : error) }
  } finally {
    await client?.destroy().catch(() => undefined)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? dialErrorText(error) : String(error)
}
