/**
 * Judges the fields of a request that decide its framing, its routing or the fate of its connection, strictly, and notes
 * what they say. All other fields are left to the app. RFC 9110 §7, RFC 9112 §6. Pure.
 */

import { CHUNKED } from './body-cursor.ts'
import { COMMA, decimal, eachElement, HTAB, isWord, skipBlank, tableOf, trimBlank } from './bytes.ts'
import { REFUSE } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import { isProbe } from './sender.ts'
import { isUnderscored } from './underscore.ts'

/** Fields that must reach the app. A client that names one in Connection wants a proxy on the way to remove it. */
const END_TO_END = ['host', 'content-length', 'transfer-encoding', 'x-forwarded-for']

/** 1 for the bytes of Host, uri-host [ ":" port ] (RFC 9110 §7.2): VCHAR but for those that no host and no port contains. */
const HOST = tableOf(/[!$-.0-;=A-[\]_a-z~]/)

/**
 * Judges one field and notes in `head` what it says. Returns 0, or a negative refusal (refusal.ts). The length of the
 * name alone rules out most fields.
 */
export function requestField(
  bytes: Uint8Array,
  name: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  head: RequestHead,
): number {
  switch (nameEnd - name) {
    case 4:
      return isWord(bytes, name, 'host') ? host(bytes, valueStart, valueEnd, head) : 0
    case 7:
      if (isWord(bytes, name, 'upgrade')) upgrade(bytes, valueStart, valueEnd, head)
      return 0
    case 10:
      if (isWord(bytes, name, 'connection')) return connection(bytes, valueStart, valueEnd, head)
      if (isWord(bytes, name, 'user-agent')) head.probe = isProbe(bytes, valueStart, valueEnd)
      return 0
    case 14:
      if (isWord(bytes, name, 'content-length')) return contentLength(bytes, valueStart, valueEnd, head)
      break
    case 17:
      if (isWord(bytes, name, 'transfer-encoding')) return transferEncoding(bytes, valueStart, valueEnd, head)
      break
    case 9:
    case 15:
    case 16:
    case 18:
      break
    default:
      return 0
  }
  return isUnderscored(bytes, name, nameEnd) ? REFUSE.underscore : 0
}

/** Judges what can be judged only when all fields are known. Returns as `requestField`. */
export function conclude(head: RequestHead): number {
  // RFC 9112 §3.2: an HTTP/1.1 request must have Host.
  if (head.minor === 1 && head.hosts === 0) return REFUSE.noHost
  if (head.codings > 0) {
    if (head.minor === 0) return REFUSE.coding10
    if (head.lengths > 0) return REFUSE.lengthAndCoding
    head.length = CHUNKED
  }
  // RFC 9110 §7.8: Upgrade counts only together with the connection option, and never in HTTP/1.0.
  if (!head.upgradeOption || head.minor === 0) head.upgrade = 'none'
  head.persistent = !head.close && (head.minor === 1 || head.keepAlive)
  return 0
}

function host(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): number {
  head.hosts += 1
  if (head.hosts > 1) return REFUSE.hosts
  const start = skipBlank(bytes, valueStart, valueEnd)
  const end = trimBlank(bytes, start, valueEnd)
  for (let at = start; at < end; at++) if (HOST[bytes[at]!] !== 1) return REFUSE.host
  return 0
}

function upgrade(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): void {
  const start = skipBlank(bytes, valueStart, valueEnd)
  const end = trimBlank(bytes, start, valueEnd)
  // One offer of h2c decides, whatever else this field or another Upgrade field offers.
  if (head.upgrade === 'h2c') return
  head.upgrade = end - start === 9 && isWord(bytes, start, 'websocket') ? 'websocket' : 'other'
  eachElement(bytes, start, end, (from, to) => {
    if (to - from === 3 && isWord(bytes, from, 'h2c')) head.upgrade = 'h2c'
  })
}

function connection(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): number {
  const first = skipBlank(bytes, valueStart, valueEnd)
  if (valueEnd - first === 10 && isWord(bytes, first, 'keep-alive')) {
    head.keepAlive = true // Most Connection fields say just this; then there is no list to walk.
    return 0
  }
  return connectionOptions(bytes, first, valueEnd, head)
}

/** A function of its own, so that only the requests that need the closure below pay for it. */
function connectionOptions(bytes: Uint8Array, first: number, valueEnd: number, head: RequestHead): number {
  let verdict = 0
  eachElement(bytes, first, valueEnd, (start, end) => {
    const length = end - start
    if (length === 5 && isWord(bytes, start, 'close')) head.close = true
    else if (length === 10 && isWord(bytes, start, 'keep-alive')) head.keepAlive = true
    else if (length === 7 && isWord(bytes, start, 'upgrade')) head.upgradeOption = true
    else if (END_TO_END.some((name) => name.length === length && isWord(bytes, start, name)))
      verdict = REFUSE.hopByHop
  })
  return verdict
}

function contentLength(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): number {
  head.lengths += 1
  if (head.lengths > 1) return REFUSE.lengths
  const start = skipBlank(bytes, valueStart, valueEnd)
  const value = decimal(bytes, start, trimBlank(bytes, start, valueEnd))
  if (value < 0) return REFUSE.length
  if (value === Infinity) return REFUSE.lengthTooLarge
  head.length = value
  return 0
}

/**
 * RFC 9112 §6.1: chunked must come last, and only once. A second Transfer-Encoding field is a way to smuggle requests. A
 * coding before chunked is allowed, but apps differ in what they make of one: 501, as the section permits.
 */
function transferEncoding(
  bytes: Uint8Array,
  valueStart: number,
  valueEnd: number,
  head: RequestHead,
): number {
  head.codings += 1
  if (head.codings > 1) return REFUSE.coding
  let elements = 0
  let chunked = 0
  /** Which of the elements is chunked, from 1. */
  let chunkedAt = 0
  eachElement(bytes, valueStart, valueEnd, (start, end) => {
    elements += 1
    if (end - start !== 7 || !isWord(bytes, start, 'chunked')) return
    chunked += 1
    chunkedAt = elements
  })
  let commas = 0
  for (let at = valueStart; at < valueEnd; at++) {
    // Some parsers take a tab for white space and others for a part of the word; llhttp does either, by its place.
    if (bytes[at] === HTAB) return REFUSE.coding
    if (bytes[at] === COMMA) commas += 1
  }
  if (chunked !== 1 || chunkedAt !== elements || commas !== elements - 1) return REFUSE.coding
  return elements === 1 ? 0 : REFUSE.codings
}
