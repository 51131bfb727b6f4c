/**
 * Which bytes may stand where in HTTP/1.1, as lookup tables, and the few ways to read words, numbers and lists. Knows no
 * messages. RFC 9110 §5.5 and §5.6, RFC 9112 §3.2. Pure.
 */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COMMA = 0x2c
export const COLON = 0x3a

/** A table that has 1 for the bytes that this matches as characters of Latin-1, and 0 for the others. */
export function tableOf(members: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (members.test(String.fromCharCode(byte)) ? 1 : 0))
}

/** 1 for `tchar`: the bytes of a token, such as a method or a field name (RFC 9110 §5.6.2). */
export const TOKEN = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/)
/** 1 for the bytes of a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). */
export const VALUE = tableOf(/[\t -~\x80-\xff]/)
/** 1 for the bytes of a request target: VCHAR. RFC 3986 allows fewer; llhttp and HAProxy accept these too. */
export const TARGET = tableOf(/[!-~]/)
/** The value of a hexadecimal digit, or 255. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return /[0-9A-Fa-f]/.test(char) ? parseInt(char, 16) : 255
})

/** Whether the bytes at `start` are `word` in any case. `word` must be in lower case, and may be longer than `bytes` is. */
export function isWord(bytes: Uint8Array, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i]!
    // Bit 5 makes an ASCII letter lower case. It is set for letters alone, or CR (0x0d) would match '-' (0x2d).
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== word.charCodeAt(i)) return false
  }
  return true
}

/** The offset of the first byte in `[start, end)` that is neither SP nor HTAB. */
export function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at += 1
  return at
}

/** The offset behind the last byte in `[start, end)` that is neither SP nor HTAB. */
export function trimBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at -= 1
  return at
}

/** The decimal number in `[start, end)`: -1 if it is empty or not all digits, Infinity if it is above 2^53-1. */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : Infinity
}

/**
 * Calls `each(start, end)` for every element of a comma-separated list (RFC 9110 §5.6.1) that is not empty, without the
 * white space around it. Only for lists of tokens: a comma in a quoted string would be taken for the end of an element.
 */
export function eachElement(
  bytes: Uint8Array,
  start: number,
  end: number,
  each: (start: number, end: number) => void,
): void {
  let from = start
  for (let at = start; at <= end; at++) {
    if (at < end && bytes[at] !== COMMA) continue
    const first = skipBlank(bytes, from, at)
    const last = trimBlank(bytes, first, at)
    if (last > first) each(first, last)
    from = at + 1
  }
}
