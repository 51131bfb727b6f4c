/**
 * One call to the admin server of a running lastcall, and in plain words why it failed. Knows the token and the
 * timeouts, and nothing of what the answers mean.
 */
import { Agent, request } from 'undici'
import type { Target } from './target.ts'

export type Called =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  /** Nobody there, or no longer. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Somebody answered, but not with what was asked for. */
  | { readonly kind: 'refused'; readonly why: string }

/** The admin server answers these at once; only a hung or wrong one takes longer. */
const CALL_TIMEOUT_MS = 5000

/** Asks `target` for `path`. Never throws. */
export async function call(target: Target, method: 'GET' | 'POST', path: string): Promise<Called> {
  const dispatcher = new Agent({
    connect: { timeout: CALL_TIMEOUT_MS },
    headersTimeout: CALL_TIMEOUT_MS,
    bodyTimeout: CALL_TIMEOUT_MS,
  })
  const headers = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }
  try {
    const { statusCode, body } = await request(target.admin + path, { method, headers, dispatcher })
    return judge(target, statusCode, await body.text())
  } catch (error) {
    return { kind: 'unreachable', why: unreachable(target.admin, error as NodeJS.ErrnoException) }
  } finally {
    await dispatcher.destroy()
  }
}

function judge({ admin, token }: Target, status: number, text: string): Called {
  if (status === 401) {
    const what = token === undefined ? 'needs a token' : 'does not take this token'
    return {
      kind: 'refused',
      why: `${admin} ${what}: give the one of its --token, by --token or LASTCALL_TOKEN`,
    }
  }
  if (status === 403)
    return {
      kind: 'refused',
      why: `${admin} does not let this address call it: its --hook-allow names others`,
    }
  const body = parse(text)
  if (body !== undefined) return { kind: 'answer', status, body }
  const said = text.trim().split('\n', 1)[0]!.slice(0, 200)
  return {
    kind: 'refused',
    why: `${admin} answered ${status}${said === '' ? '' : ` (${said})`}: is this the admin port of lastcall, not the traffic port?`,
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function unreachable(admin: string, { code, message }: NodeJS.ErrnoException): string {
  const what =
    code === 'ECONNREFUSED' ? 'connection refused' : code === 'ENOTFOUND' ? 'no such host' : message
  return (
    `cannot reach lastcall at ${admin} (${what}).\n` +
    'Is it running, and is this its admin port? Use --admin URL or LASTCALL_ADMIN for another address.\n' +
    `From outside the pod, first run: kubectl port-forward POD ${new URL(admin).port || '80'}`
  )
}
