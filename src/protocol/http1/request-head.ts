/**
 * Judges the head of a request, strictly, and notes the few facts that a relay needs; nothing is copied.
 * RFC 9112 §3 (request line), §5 (fields), §6 (framing). What llhttp's strict mode refuses is refused here too.
 */

import {
  COLON,
  COMMA,
  CR,
  HTAB,
  LF,
  SP,
  TARGET,
  TOKEN,
  VALUE,
  decimal,
  eachElement,
  isWord,
  skipBlank,
  trimBlank,
} from './bytes.ts'
import { LABELLED_METHODS } from '../../words.ts'
import { prefaceIn } from './preface.ts'
import { REFUSE } from './refusal.ts'
import { acceptsEvents, isProbe } from './sender.ts'
import { isAbsoluteForm } from './target.ts'
import { isUnderscored } from './underscore.ts'

/** The head has not ended within the bytes given. */
export const MORE = 0

/** The methods that llhttp knows, those with a label of their own in the metrics first, in its order. */
const METHODS: readonly string[] = [
  ...LABELLED_METHODS,
  ...(
    'ACL BIND CHECKOUT CONNECT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND ' +
    'PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
]
const METHOD_INDEX = new Map(METHODS.map((name, i) => [name, i]))
export const METHOD_GET = 0
export const METHOD_HEAD = 1
const METHOD_POST = 2
const LAST_LABELLED = LABELLED_METHODS.length - 1
/** RFC 9110 §9.2.2 among the methods above; the WebDAV ones are left out, as nobody promised that for their apps. */
const IDEMPOTENT = new Set(
  ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].map((name) => METHODS.indexOf(name)),
)
const CONNECT = METHODS.indexOf('CONNECT')
const OPTIONS = METHODS.indexOf('OPTIONS')

/** Fields that a client must not have removed by naming them in Connection: hop-by-hop header abuse. */
const END_TO_END = ['host', 'content-length', 'transfer-encoding', 'x-forwarded-for']

export type UpgradeKind = 'none' | 'websocket' | 'h2c' | 'other'

/** The facts of one head; `parseRequestHead` fills it in anew each time. */
export class RequestHead {
  /** Index into the methods; see `methodLabel`. */
  method = 0
  targetStart = 0
  targetEnd = 0
  minor = 1
  /** The length of the body, or -1 if it is chunked. */
  length = 0
  idempotent = false
  /** Whether the client allows another request on this connection (RFC 9112 §9.3). */
  persistent = true
  upgrade: UpgradeKind = 'none'
  /** The sender is a prober, not a user. */
  probe = false
  /** A GET that accepts text/event-stream, as every EventSource sends (WHATWG HTML §9.2.2). */
  eventSource = false

  // Gathered while the fields are read.
  hosts = 0
  lengths = 0
  codings = 0
  close = false
  keepAlive = false
  upgradeOption = false
}

/** The index into counters' METHODS for a method: the unusual ones share the last. */
export function methodLabel(method: number): number {
  return method <= LAST_LABELLED ? method : LAST_LABELLED + 1
}

/** The name of a method as it was sent. */
export function methodName(method: number): string {
  return METHODS[method]!
}

/**
 * Parses the head that begins at `start`. Returns the offset behind its empty line, `MORE` if it does not end before
 * `end`, or a negative refusal (refusal.ts). A head of more than `limit` bytes is refused. `head` is meaningful only
 * after a positive answer.
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
  head.eventSource = false

  let at = lineEnd
  for (;;) {
    if (at >= cap) break
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
    if (byte !== COLON || at === name) return nameRefusal(byte, at === name)
    const nameEnd = at
    at += 1

    const value = at
    while (at < cap && VALUE[bytes[at]!] === 1) at += 1
    if (at >= cap) break
    byte = bytes[at]!
    if (byte !== CR) return byte === LF ? REFUSE.bareLf : REFUSE.control
    if (at + 1 >= cap) break
    if (bytes[at + 1] !== LF) return REFUSE.bareCr
    const verdict = field(bytes, name, nameEnd, value, at, head)
    if (verdict < 0) return verdict
    at += 2
  }
  return end - start >= limit ? REFUSE.headTooLarge : MORE
}

function nameRefusal(byte: number, empty: boolean): number {
  if (byte === LF) return REFUSE.bareLf
  if (!empty && (byte === SP || byte === HTAB)) return REFUSE.spaceBeforeColon
  return REFUSE.fieldName
}

/** RFC 9112 §3: method SP request-target SP HTTP-version CRLF, single spaces. Returns as `parseRequestHead`. */
function requestLine(bytes: Uint8Array, start: number, cap: number, head: RequestHead): number {
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
  const lineEnd = version + 'HTTP/1.1\r\n'.length
  if (lineEnd > cap) {
    // Cut short, or a line that cannot be right however it goes on.
    const lf = bytes.indexOf(LF, version)
    if (lf < 0 || lf >= cap) return MORE
    return lf === lineEnd - 2 && isVersion(bytes, version) ? REFUSE.bareLf : REFUSE.requestLine
  }
  if (!isVersion(bytes, version)) return REFUSE.requestLine
  const major = bytes[version + 5]!
  const minor = bytes[version + 7]!
  if (bytes[lineEnd - 2] !== CR || bytes[lineEnd - 1] !== LF) {
    return bytes[lineEnd - 2] === LF ? REFUSE.bareLf : REFUSE.requestLine
  }

  if (isPri(bytes, start, methodEnd, major)) {
    // RFC 9113 §3.4. Whether it is one, and at its place, is the caller's to say.
    return prefaceIn(bytes, start, cap) === 'part' ? MORE : REFUSE.http2
  }
  if (major !== 0x31 || minor > 0x31) return REFUSE.version
  head.minor = minor - 0x30

  const method = methodOf(bytes, start, methodEnd)
  if (method < 0) return REFUSE.method
  if (method === CONNECT) return REFUSE.connect
  head.method = method
  head.idempotent = IDEMPOTENT.has(method)
  const first = bytes[target]!
  // RFC 9112 §3.2: origin-form, or asterisk-form for OPTIONS, or absolute-form.
  const asterisk = first === 0x2a && at === target + 1 && method === OPTIONS
  if (first !== 0x2f && !asterisk && !isAbsoluteForm(bytes, target, at)) return REFUSE.target
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

function isPri(bytes: Uint8Array, start: number, methodEnd: number, major: number): boolean {
  return major === 0x32 && methodEnd - start === 3 && isWord(bytes, start, 'pri')
}

function methodOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const first = bytes[start]!
  if (length === 3 && first === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54)
    return METHOD_GET
  if (
    length === 4 &&
    first === 0x50 &&
    bytes[start + 1] === 0x4f &&
    bytes[start + 2] === 0x53 &&
    bytes[start + 3] === 0x54
  ) {
    return METHOD_POST
  }
  if (length > 'UNSUBSCRIBE'.length) return -1
  let name = ''
  for (let at = start; at < end; at++) name += String.fromCharCode(bytes[at]!)
  return METHOD_INDEX.get(name) ?? -1
}

/** Looks at one field if it is one that matters; most are told apart by their length alone. */
function field(
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
    case 6:
      if (head.method === METHOD_GET && isWord(bytes, name, 'accept'))
        head.eventSource ||= acceptsEvents(bytes, valueStart, valueEnd)
      return 0
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

function host(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): number {
  head.hosts += 1
  if (head.hosts > 1) return REFUSE.hosts
  const start = skipBlank(bytes, valueStart, valueEnd)
  const end = trimBlank(bytes, start, valueEnd)
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    // uri-host [ ":" port ] (RFC 9110 §7.2): none of / ? # @ \ < > " ^ ` { | }, no blanks, no bytes above 0x7e.
    if (byte <= SP || byte >= 0x7f || HOST_BAD[byte] === 1) return REFUSE.host
  }
  return 0
}

const HOST_BAD = new Uint8Array(128)
for (const char of '/?#@\\<>"^`{|}') HOST_BAD[char.charCodeAt(0)] = 1

function upgrade(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): void {
  const start = skipBlank(bytes, valueStart, valueEnd)
  const end = trimBlank(bytes, start, valueEnd)
  // An offer of h2c among others, or in a line of its own, is one all the same.
  if (head.upgrade === 'h2c') return
  head.upgrade = end - start === 9 && isWord(bytes, start, 'websocket') ? 'websocket' : 'other'
  eachElement(bytes, start, end, (from, to) => {
    if (to - from === 3 && isWord(bytes, from, 'h2c')) head.upgrade = 'h2c'
  })
}

function connection(bytes: Uint8Array, valueStart: number, valueEnd: number, head: RequestHead): number {
  const first = skipBlank(bytes, valueStart, valueEnd)
  if (valueEnd - first === 10 && isWord(bytes, first, 'keep-alive')) {
    head.keepAlive = true // What most clients that say anything say: no list to walk.
    return 0
  }
  return connectionOptions(bytes, first, valueEnd, head)
}

/** Apart, so that the closure below costs only those who need it. */
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
 * RFC 9112 §6.1: chunked must come last, once. A second Transfer-Encoding line is how requests are smuggled. A coding
 * before it is sound, but what an app makes of one is anybody's guess: 501, as the section allows.
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
  let last = false
  eachElement(bytes, valueStart, valueEnd, (start, end) => {
    elements += 1
    last = end - start === 7 && isWord(bytes, start, 'chunked')
    if (last) chunked += 1
  })
  let commas = 0
  for (let at = valueStart; at < valueEnd; at++) {
    // White space to one reader and part of the word to another; llhttp takes it for either, as it stands.
    if (bytes[at] === HTAB) return REFUSE.coding
    if (bytes[at] === COMMA) commas += 1
  }
  if (!last || chunked !== 1 || commas !== elements - 1) return REFUSE.coding
  return elements === 1 ? 0 : REFUSE.codings
}

/** What can be said only when all fields are known. */
function conclude(head: RequestHead): number {
  if (head.minor === 1 && head.hosts === 0) return REFUSE.noHost
  if (head.codings > 0) {
    if (head.minor === 0) return REFUSE.coding10
    if (head.lengths > 0) return REFUSE.lengthAndCoding
    head.length = -1
  }
  // RFC 9110 §7.8: Upgrade counts only together with the connection option, and never in HTTP/1.0.
  if (!head.upgradeOption || head.minor === 0) head.upgrade = 'none'
  head.persistent = !head.close && (head.minor === 1 || head.keepAlive)
  return 0
}
