/** Whether a request target is in absolute-form (RFC 9112 §3.2.2): scheme "://" authority [ path ]. Pure. */

import { tableOf } from './bytes.ts'

/** 1 for the bytes of an authority (RFC 3986 §3.2). */
const AUTHORITY = tableOf(/[A-Za-z0-9\-._~!$&'()*+,;=:%[\]@]/)
const LETTER = tableOf(/[A-Za-z]/)

/** Judges `bytes[start..end)`, which is all TARGET; SP is behind it. The authority may hold one `@` (RFC 3986 §3.2). */
export function isAbsoluteForm(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  // RFC 3986 §3.1 allows digits, +, - and . in a scheme as well; llhttp does not, and no scheme of HTTP has them.
  while (LETTER[bytes[at]!] === 1) at += 1
  if (at === start) return false
  if (bytes[at] !== 0x3a || bytes[at + 1] !== 0x2f || bytes[at + 2] !== 0x2f) return false
  at += 3
  const authority = at
  let userinfos = 0
  while (AUTHORITY[bytes[at]!] === 1) {
    if (bytes[at] === 0x40) userinfos += 1
    at += 1
  }
  if (at === authority || userinfos > 1) return false
  return at === end || bytes[at] === 0x2f || bytes[at] === 0x3f
}
