/**
 * May this caller use the hooks, /drain and /resume? Pure: the token of the Authorization field, the caller's address
 * among the networks that may, and whether a foreign web page sent it. DESIGN §5 (--token, --hook-allow) and §6.
 */
import { Buffer } from 'node:buffer'

/**
 * `address`: not from where it may be called (403). `foreign-page`: sent by a web page that is not lastcall's (403).
 * `token`: the token is missing or wrong (401).
 */
export type Caller = 'allowed' | 'address' | 'foreign-page' | 'token'

/**
 * `addressAllowed`: no list is set, or the caller is on it. `foreignPage`: see foreign-page.ts. `token`: the one that is
 * required, if any.
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

/** The scheme's case does not matter (RFC 9110 §11.1), the token's does. */
function carries(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(.*)$/i.exec(authorization ?? '')?.[1]
  return given !== undefined && sameText(given, token)
}

/** Compares in a time that depends on the length of what the caller gave, and on nothing else. */
function sameText(given: string, expected: string): boolean {
  const one = Buffer.from(given)
  const other = Buffer.from(expected)
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i += 1) difference |= one[i]! ^ (other[i % other.length] ?? 0)
  return difference === 0
}
