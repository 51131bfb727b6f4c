/**
 * Field names that become another field in the app. CGI, WSGI, Rack and PHP turn field names into variables with `_` for
 * `-` (RFC 3875 §4.1.18): to such an app `Content_Length` is Content-Length, while every proxy in front of it ignores the
 * field. Pure.
 */

/**
 * The fields that frame a message or say who sent it. Only a name with a hyphen has a second spelling. `requestField` in
 * request-fields.ts asks about names of these lengths only.
 */
const NAMES = [
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
]

/** Whether the field name `bytes[start..end)` is one of NAMES in any case, with an underscore for at least one hyphen. */
export function isUnderscored(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]! | 0x20
  // 'x', 'c' or 't': nearly every other name is told apart by its first letter.
  if (first !== 0x78 && first !== 0x63 && first !== 0x74) return false
  for (let i = 0; i < NAMES.length; i++)
    if (NAMES[i]!.length === end - start && isSpelling(bytes, start, NAMES[i]!)) return true
  return false
}

/** Whether the bytes at `start` are `name` in any case, with at least one underscore for a hyphen. */
function isSpelling(bytes: Uint8Array, start: number, name: string): boolean {
  let underscored = false
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!
    const wanted = name.charCodeAt(i)
    if (wanted !== 0x2d) {
      if ((byte | 0x20) !== wanted) return false
    } else if (byte === 0x5f) underscored = true
    else if (byte !== wanted) return false
  }
  return underscored
}
