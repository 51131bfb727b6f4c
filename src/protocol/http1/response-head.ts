/**
 * Reads the head of a response, leniently: the app is trusted, and its head goes to the client unchanged. Looks only at
 * what decides the framing (RFC 9112 §6.3), the fate of the connection (§9.3), and whether the body is an event stream.
 * If the framing cannot be told, it says so, and the caller relays the rest unread (opaque). Pure.
 */

import { CHUNKED, UNTIL_CLOSE } from './body-cursor.ts'
import {
  COLON,
  COMMA,
  CR,
  HTAB,
  LF,
  SP,
  VALUE,
  decimal,
  eachElement,
  isWord,
  skipBlank,
  trimBlank,
} from './bytes.ts'

/** The head does not end within the bytes given. */
export const MORE = 0
/** This is no HTTP/1.x response head, or its framing cannot be told. */
export const OPAQUE = -1

export class ResponseHead {
  status = 0
  minor = 1
  /** The length of the body in bytes, `CHUNKED` or `UNTIL_CLOSE`, as the fields say; `frame` knows more. */
  length = UNTIL_CLOSE
  close = false
  keepAlive = false
  upgradeOption = false
  /** Transfer-Encoding is present: it overrides Content-Length. */
  coded = false
  /** Content-Type is text/event-stream. */
  eventStream = false
  /** Content-Encoding is present: the content is compressed, or coded in another way. */
  encoded = false

  /** How this response's body is framed: its length, `CHUNKED` or `UNTIL_CLOSE`. `toHead`: the request was a HEAD. */
  frame(toHead: boolean): number {
    // RFC 9112 §6.3, item 1: these have no body, whatever the fields say.
    if (toHead || this.status < 200 || this.status === 204 || this.status === 304) return 0
    // Item 2 does not apply, as CONNECT is refused. Items 3 to 6 and 8 are what the fields say.
    return this.length
  }

  /** Whether the app keeps the connection open behind this response (RFC 9112 §9.3). */
  get persistent(): boolean {
    return !this.close && (this.minor >= 1 || this.keepAlive)
  }
}

/** Parses the head that begins at `start`. Returns the offset behind its empty line, `MORE` or `OPAQUE`. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number, head: ResponseHead): number {
  const statusEnd = statusLine(bytes, start, end, head)
  if (statusEnd <= 0) return statusEnd

  head.length = UNTIL_CLOSE
  head.coded = false
  head.close = false
  head.keepAlive = false
  head.upgradeOption = false
  head.eventStream = false
  head.encoded = false

  let at = statusEnd
  // Whether a folded line would matter here: it does behind a field that frames, and before the first field.
  let framing = true
  while (at < end) {
    const line = at
    let colon = -1
    let byte = bytes[at]!
    while (byte !== LF) {
      if (byte === COLON && colon === -1) colon = at
      // RFC 9112 §2.2: a bare CR is invalid. Readers differ on whether it ends a line.
      else if (byte === CR && at + 1 < end && bytes[at + 1] !== LF) return OPAQUE
      at += 1
      if (at >= end) return MORE
      byte = bytes[at]!
    }
    const lineEnd = bytes[at - 1] === CR ? at - 1 : at
    at += 1
    if (lineEnd === line) return at
    if (bytes[line] === SP || bytes[line] === HTAB) {
      // To some readers this continues the field before it (RFC 9112 §5.2), to others it is a field (§2.2).
      if (framing) return OPAQUE
      continue
    }
    if (colon === -1) continue
    const length = trimBlank(bytes, line, colon) - line
    framing = length === 14 || length === 17
    if (!field(bytes, line, length, colon + 1, lineEnd, head)) return OPAQUE
  }
  return MORE
}

/**
 * Reads the status line. Returns the offset behind it, `MORE` or `OPAQUE`. If only its end is missing, the offset is behind
 * `end`, where no line begins.
 */
function statusLine(bytes: Uint8Array, start: number, end: number, head: ResponseHead): number {
  const length = end - start
  const shape = 'HTTP/1.'
  for (let i = 0; i < shape.length && i < length; i++)
    if (bytes[start + i] !== shape.charCodeAt(i)) return OPAQUE
  if (length < 12) return MORE
  const minor = bytes[start + 7]! - 0x30
  if (minor < 0 || minor > 9 || bytes[start + 8] !== SP) return OPAQUE
  const status = decimal(bytes, start + 9, start + 12)
  if (status < 100) return OPAQUE
  head.minor = minor
  head.status = status
  let at = start + 12
  while (at < end && bytes[at] !== LF) at += 1
  return at + 1
}

/** Notes what one field says. Returns false if the framing cannot be told any more. */
function field(
  bytes: Uint8Array,
  name: number,
  length: number,
  valueStart: number,
  lineEnd: number,
  head: ResponseHead,
): boolean {
  // `length` is without white space before the colon, which lenient readers ignore (RFC 9112 §5.1).
  switch (length) {
    case 10:
      if (isWord(bytes, name, 'connection')) connection(bytes, valueStart, lineEnd, head)
      return true
    case 12:
      if (isWord(bytes, name, 'content-type')) {
        const start = skipBlank(bytes, valueStart, lineEnd)
        head.eventStream = isWord(bytes, start, 'text/event-stream')
      }
      return true
    case 14:
      return !isWord(bytes, name, 'content-length') || contentLength(bytes, valueStart, lineEnd, head)
    case 16:
      if (isWord(bytes, name, 'content-encoding')) head.encoded = true
      return true
    case 17:
      if (isWord(bytes, name, 'transfer-encoding')) {
        // Readers differ on what a control character makes of the value.
        for (let at = valueStart; at < lineEnd; at++) if (VALUE[bytes[at]!] !== 1) return false
        // RFC 9112 §6.3, items 3 and 4: chunked if that is last, otherwise until close. Both override Content-Length.
        head.length = endsInChunked(bytes, valueStart, lineEnd) ? CHUNKED : UNTIL_CLOSE
        head.coded = true
      }
      return true
    default:
      return true
  }
}

/** Whether the last coding of the list is `chunked`, as a whole word. */
function endsInChunked(bytes: Uint8Array, valueStart: number, valueEnd: number): boolean {
  let end = valueEnd
  // Tabs are not trimmed: to llhttp, `chunked` with a tab is another coding, so that the body ends when the app closes.
  while (bytes[end - 1] === SP) end -= 1 // At the latest, the colon before the value ends this.
  const word = end - 'chunked'.length
  if (!isWord(bytes, word, 'chunked')) return false
  const before = trimBlank(bytes, valueStart, word)
  return before === valueStart || bytes[before - 1] === COMMA
}

function connection(bytes: Uint8Array, valueStart: number, valueEnd: number, head: ResponseHead): void {
  const first = skipBlank(bytes, valueStart, valueEnd)
  if (valueEnd - first === 10 && isWord(bytes, first, 'keep-alive')) {
    head.keepAlive = true
    return
  }
  eachElement(bytes, first, valueEnd, (start, end) => {
    const length = end - start
    if (length === 5 && isWord(bytes, start, 'close')) head.close = true
    else if (length === 10 && isWord(bytes, start, 'keep-alive')) head.keepAlive = true
    else if (length === 7 && isWord(bytes, start, 'upgrade')) head.upgradeOption = true
  })
}

/** Returns false if the value is no length, or differs from an earlier one: the framing is invalid (§6.3, item 5). */
function contentLength(bytes: Uint8Array, valueStart: number, valueEnd: number, head: ResponseHead): boolean {
  const start = skipBlank(bytes, valueStart, valueEnd)
  const value = decimal(bytes, start, trimBlank(bytes, start, valueEnd))
  if (head.coded) return true
  if (value < 0 || value === Infinity || (head.length >= 0 && head.length !== value)) return false
  head.length = value
  return true
}
