/**
 * Reads the head of a response, leniently: the app is trusted, and what it says goes to the client as it is. Only what
 * decides the framing (RFC 9112 §6.3) and the fate of the connection (§9.3) is looked at. What cannot be understood
 * is said so, and the caller stops judging (opaque).
 */

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

/** The head has not ended within the bytes given. */
export const MORE = 0
/** No HTTP/1.x response head, or one whose framing is contradictory. */
export const OPAQUE = -1

/** How the body ends: by `length`, or one of these. */
export const CHUNKED = -1
export const UNTIL_CLOSE = -2

export class ResponseHead {
  status = 0
  minor = 1
  /** Bytes of the body, `CHUNKED` or `UNTIL_CLOSE`; before `frame` is asked, as the fields say. */
  length = UNTIL_CLOSE
  close = false
  keepAlive = false
  upgradeOption = false
  /** Transfer-Encoding is present: a Content-Length beside it means nothing. */
  coded = false
  /** Content-Type is text/event-stream. */
  eventStream = false
  /** The content is compressed, or coded in another way. */
  encoded = false

  /**
   * RFC 9112 §6.3 in its order: the length of the body of this response to a request that was, or was not, HEAD.
   */
  frame(toHead: boolean): number {
    // 1. HEAD, 1xx, 204 and 304 have none, whatever the fields say.
    if (toHead || this.status < 200 || this.status === 204 || this.status === 304) return 0
    // 2. (CONNECT is refused.) 3. to 6.: as the fields say. 8.: else until the app closes.
    return this.length
  }

  /** Whether the connection outlives this response as far as the app is concerned (RFC 9112 §9.3). */
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
  // Whether a folded line would matter here: behind a field that frames, and before the first field.
  let framing = true
  while (at < end) {
    const line = at
    let colon = -1
    let byte = bytes[at]!
    while (byte !== LF) {
      if (byte === COLON && colon < 0) colon = at
      // RFC 9112 §2.2: a bare CR is invalid. Readers differ on whether it ends a line, and so on what follows.
      else if (byte === CR && at + 1 < end && bytes[at + 1] !== LF) return OPAQUE
      at += 1
      if (at >= end) return MORE
      byte = bytes[at]!
    }
    const lineEnd = at > line && bytes[at - 1] === CR ? at - 1 : at
    at += 1
    if (lineEnd === line) return at
    if (bytes[line] === SP || bytes[line] === HTAB) {
      // RFC 9112 §5.2: part of the field before it, to some. §2.2: before the first one, a field to others.
      if (framing) return OPAQUE
      continue
    }
    if (colon < 0) continue
    const length = trimBlank(bytes, line, colon) - line
    framing = length === 14 || length === 17
    if (!field(bytes, line, length, colon, lineEnd, head)) return OPAQUE
  }
  return MORE
}

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
  return at < end ? at + 1 : MORE
}

/** Notes one field; false if the framing can no longer be told. */
function field(
  bytes: Uint8Array,
  name: number,
  length: number,
  colon: number,
  lineEnd: number,
  head: ResponseHead,
): boolean {
  // White space before the colon is removed by a lenient reader (RFC 9112 §5.1): it is not in `length`.
  switch (length) {
    case 10:
      if (isWord(bytes, name, 'connection')) connection(bytes, colon + 1, lineEnd, head)
      return true
    case 12:
      if (isWord(bytes, name, 'content-type')) {
        const start = skipBlank(bytes, colon + 1, lineEnd)
        head.eventStream = lineEnd - start >= 17 && isWord(bytes, start, 'text/event-stream')
      }
      return true
    case 14:
      return !isWord(bytes, name, 'content-length') || contentLength(bytes, colon + 1, lineEnd, head)
    case 16:
      if (isWord(bytes, name, 'content-encoding')) head.encoded = true
      return true
    case 17:
      if (isWord(bytes, name, 'transfer-encoding')) {
        // A control character here: readers differ on what is left of the value.
        for (let at = colon + 1; at < lineEnd; at++) if (VALUE[bytes[at]!] !== 1) return false
        // RFC 9112 §6.3 item 4: chunked last, else until close; either way it beats Content-Length.
        head.length = endsInChunked(bytes, colon + 1, lineEnd) ? CHUNKED : UNTIL_CLOSE
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
  // No tabs: llhttp takes `chunked` and a tab for another coding, and so goes on until the app closes.
  while (end > valueStart && bytes[end - 1] === SP) end -= 1
  const word = end - 'chunked'.length
  if (word < valueStart || !isWord(bytes, word, 'chunked')) return false
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

/** False where two lengths disagree, or one is none: then nobody can tell where the body ends (§6.3 item 5). */
function contentLength(bytes: Uint8Array, valueStart: number, valueEnd: number, head: ResponseHead): boolean {
  const start = skipBlank(bytes, valueStart, valueEnd)
  const value = decimal(bytes, start, trimBlank(bytes, start, valueEnd))
  if (head.coded) return true
  if (value < 0 || value === Infinity || (head.length >= 0 && head.length !== value)) return false
  head.length = value
  return true
}
