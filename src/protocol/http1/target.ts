/** Whether a request target is in absolute-form (RFC 9112 §3.2.2): scheme "://" authority [ path ]. Pure. */

const AUTHORITY = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  if (/[A-Za-z0-9\-._~!$&'()*+,;=:%[\]@]/.test(String.fromCharCode(byte))) AUTHORITY[byte] = 1
}

/** Judges `bytes[start..end)`, which is all TARGET. The authority may hold one `@` (RFC 3986 §3.2). */
export function isAbsoluteForm(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  // RFC 3986 §3.1 allows digits, +, - and . in a scheme as well; llhttp does not, and no scheme of HTTP has them.
  while (
    at < end &&
    ((bytes[at]! >= 0x41 && bytes[at]! <= 0x5a) || (bytes[at]! >= 0x61 && bytes[at]! <= 0x7a))
  )
    at += 1
  if (at === start || at + 3 >= end) return false
  if (bytes[at] !== 0x3a || bytes[at + 1] !== 0x2f || bytes[at + 2] !== 0x2f) return false
  at += 3
  const authority = at
  let userinfos = 0
  while (at < end && AUTHORITY[bytes[at]!] === 1) {
    if (bytes[at] === 0x40) userinfos += 1
    at += 1
  }
  if (at === authority || userinfos > 1) return false
  return at === end || bytes[at] === 0x2f || bytes[at] === 0x3f
}
