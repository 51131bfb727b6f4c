/**
 * Parses the head of a request in place, strictly: what llhttp's strict mode refuses is refused here too. RFC 9112 §2 to
 * §5: lines, names and values of fields; the request line and the meaning of fields have files of their own. Pure.
 */

import { COLON, CR, HTAB, LF, SP, TOKEN, VALUE } from './bytes.ts'
import { REFUSE } from './refusal.ts'
import { conclude, requestField } from './request-fields.ts'
import { MORE, type RequestHead } from './request-head.ts'
import { requestLine } from './request-line.ts'

/**
 * Parses the head that begins at `start`. Returns the offset behind its empty line, `MORE` if it does not end before
 * `end`, or a negative refusal (refusal.ts). A head of more than `limit` bytes is refused. The facts in `head` are
 * meaningful only if the answer is positive.
 */
export function parseRequestHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
  head: RequestHead,
): number {
  const cap = Math.min(end, start + limit)
  const lineEnd = requestLine(bytes, start, cap, head)
  if (lineEnd < 0) return lineEnd
  if (lineEnd === MORE) return end - start >= limit ? REFUSE.targetTooLong : MORE

  head.length = 0
  head.hosts = 0
  head.lengths = 0
  head.codings = 0
  head.close = false
  head.keepAlive = false
  head.upgradeOption = false
  head.upgrade = 'none'
  head.probe = false

  let at = lineEnd
  while (at < cap) {
    let byte = bytes[at]!
    if (byte === CR) {
      if (at + 1 >= cap) break
      if (bytes[at + 1] !== LF) return REFUSE.bareCr
      const verdict = conclude(head)
      return verdict < 0 ? verdict : at + 2
    }
    if (byte === SP || byte === HTAB) return REFUSE.fold

    const name = at
    while (at < cap && TOKEN[bytes[at]!] === 1) at += 1
    if (at >= cap) break
    byte = bytes[at]!
    if (byte !== COLON || at === name) return nameRefusal(byte)
    const nameEnd = at
    at += 1

    const value = at
    while (at < cap && VALUE[bytes[at]!] === 1) at += 1
    if (at >= cap) break
    byte = bytes[at]!
    if (byte !== CR) return byte === LF ? REFUSE.bareLf : REFUSE.control
    if (at + 1 >= cap) break
    if (bytes[at + 1] !== LF) return REFUSE.bareCr
    const verdict = requestField(bytes, name, nameEnd, value, at, head)
    if (verdict < 0) return verdict
    at += 2
  }
  return end - start >= limit ? REFUSE.headTooLarge : MORE
}

/** The refusal for a field name that is empty, or that `byte` ends instead of a colon. */
function nameRefusal(byte: number): number {
  if (byte === LF) return REFUSE.bareLf
  if (byte === SP || byte === HTAB) return REFUSE.spaceBeforeColon
  return REFUSE.fieldName
}
