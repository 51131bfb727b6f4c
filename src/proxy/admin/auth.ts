/**
 * Whether a caller may use the hooks, /drain and /resume: by the token in the Authorization field, by the caller's
 * address, and by whether a foreign web page sent the request. Pure. DESIGN §5 (--token, --hook-allow) and §6.
 */
import { Buffer } from 'node:buffer'

/**
 * `address`: the address is not allowed (403). `foreign-page`: a web page that is not lastcall's own sent it (403).
 * `token`: the token is missing or wrong (401).
 */
export type Caller = 'allowed' | 'address' | 'foreign-page' | 'token'

/**
 * `addressAllowed`: no list is set, or the caller's address is on it. `foreignPage`: see foreign-page.ts. `token`: the
 * required one, if any.
 */
export function judgeCaller(
  addressAllowed: boolean,
  foreignPage: boolean,
  token: string | undefined,
  authorization: string | undefined,
): Caller {
  if (!addressAllowed) return 'address'
  if (foreignPage) return 'foreign-page'
  if (token === undefined || carries(authorization, token)) return 'allowed'
  return 'token'
}

/** The scheme is case-insensitive (RFC 9110 §11.1); the token is not. */
function carries(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(.*)$/i.exec(authorization ?? '')?.[1]
  return given !== undefined && sameText(given, token)
}

/** Compares in a time that depends only on the length of what the caller sent. */
function sameText(given: string, expected: string): boolean {
  const one = Buffer.from(given)
  const other = Buffer.from(expected)
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i += 1) difference |= one[i]! ^ (other[i % other.length] ?? 0)
  return difference === 0
}
