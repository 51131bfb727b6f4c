/**
 * Judges the first line of a request (RFC 9112 §3), strictly: what llhttp's strict mode refuses is refused here too. Pure.
 */

import { CR, isWord, LF, SP, TARGET, TOKEN } from './bytes.ts'
import { isIdempotent, METHOD_CONNECT, METHOD_OPTIONS, methodOf } from './methods.ts'
import { prefaceIn } from './preface.ts'
import { REFUSE } from './refusal.ts'
import { MORE, type RequestHead } from './request-head.ts'
import { isAbsoluteForm } from './target.ts'

const VERSION_BYTES = 'HTTP/1.1'.length

/**
 * Reads the request line that begins at `start`: method SP request-target SP HTTP-version CRLF, with single spaces. Sets
 * the facts of `head` that the line tells. Returns the offset behind the line, `MORE` if it does not end before `cap`,
 * or a negative refusal (refusal.ts).
 */
export function requestLine(bytes: Uint8Array, start: number, cap: number, head: RequestHead): number {
  let at = start
  while (at < cap && TOKEN[bytes[at]!] === 1) at += 1
  if (at >= cap) return MORE
  if (bytes[at] !== SP || at === start) return bytes[at] === LF ? REFUSE.bareLf : REFUSE.requestLine
  const methodEnd = at

  const target = ++at
  while (at < cap && TARGET[bytes[at]!] === 1) at += 1
  if (at >= cap) return MORE
  if (bytes[at] !== SP || at === target) return bytes[at] === LF ? REFUSE.bareLf : REFUSE.target
  head.targetStart = target
  head.targetEnd = at

  const version = at + 1
  const lineEnd = version + VERSION_BYTES + 2
  if (lineEnd > cap) {
    // The line is incomplete, or it has ended too early to be right.
    const lf = bytes.indexOf(LF, version)
    if (lf < 0 || lf >= cap) return MORE
    return isVersion(bytes, version) ? REFUSE.bareLf : REFUSE.requestLine
  }
  if (!isVersion(bytes, version)) return REFUSE.requestLine
  if (bytes[lineEnd - 2] !== CR || bytes[lineEnd - 1] !== LF)
    return bytes[lineEnd - 2] === LF ? REFUSE.bareLf : REFUSE.requestLine

  const major = bytes[version + 5]!
  const minor = bytes[version + 7]!
  if (major === 0x32 && isPri(bytes, start, methodEnd)) {
    // RFC 9113 §3.4: this may be the preface of HTTP/2. Whether one is allowed here is for the caller to say.
    return prefaceIn(bytes, start, cap) === 'part' ? MORE : REFUSE.http2
  }
  if (major !== 0x31 || minor > 0x31) return REFUSE.version
  head.minor = minor - 0x30

  const method = methodOf(bytes, start, methodEnd)
  if (method < 0) return REFUSE.method
  if (method === METHOD_CONNECT) return REFUSE.connect
  head.method = method
  head.idempotent = isIdempotent(method)
  // RFC 9112 §3.2: origin-form, or asterisk-form for OPTIONS, or absolute-form.
  const isOrigin = bytes[target] === 0x2f
  const isAsterisk = bytes[target] === 0x2a && at === target + 1 && method === METHOD_OPTIONS
  if (!isOrigin && !isAsterisk && !isAbsoluteForm(bytes, target, at)) return REFUSE.target
  return lineEnd
}

/** HTTP-version (RFC 9112 §2.3), case-sensitive: `HTTP/`, a digit, a dot, a digit. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    isDigit(bytes[at + 5]!) &&
    bytes[at + 6] === 0x2e &&
    isDigit(bytes[at + 7]!)
  )
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The method of the preface of HTTP/2, in any case. */
function isPri(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 3 && isWord(bytes, start, 'pri')
}
