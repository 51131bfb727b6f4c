/**
 * Every reason to refuse a request, and what it is answered (DESIGN §2). Parsers return a refusal as the negative number
 * `-(index + 1)`, so that no object is made for a verdict; this table gives the number its meaning. Pure.
 */

import type { Refusal } from '../../words.ts'

export interface RefusalRow {
  readonly status: number
  /** The label of lastcall_refused_total. */
  readonly label: Refusal
  /** What is wrong, for people: the body of the response, and `details` in its Proxy-Status (RFC 9209 §2.1.5). */
  readonly text: string
}

const row = (status: number, label: Refusal, text: string): RefusalRow => ({ status, label, text })

const TABLE = {
  bareLf: row(400, 'smuggling', 'a line of the request head ends in a bare LF'),
  bareCr: row(400, 'smuggling', 'a CR in the request head is not followed by LF'),
  fold: row(400, 'smuggling', 'a header line is folded (obs-fold)'),
  spaceBeforeColon: row(400, 'smuggling', 'there is white space between a field name and its colon'),
  fieldName: row(400, 'bad-request', 'a field name is not a token'),
  control: row(400, 'bad-request', 'the request head contains a control character'),
  requestLine: row(400, 'bad-request', 'the request line is malformed'),
  target: row(400, 'bad-request', 'the request target is malformed'),
  method: row(501, 'method', 'the method is not known'),
  connect: row(405, 'method', 'CONNECT is not supported: this is not a forward proxy'),
  version: row(505, 'version', 'the HTTP version is not supported'),
  http2: row(505, 'http2', 'the HTTP/2 preface is malformed, or is not at the start of the connection'),
  noHost: row(400, 'bad-request', 'the Host field is missing'),
  hosts: row(400, 'smuggling', 'there is more than one Host field'),
  host: row(400, 'bad-request', 'the Host field is malformed'),
  length: row(400, 'smuggling', 'Content-Length is not a decimal number'),
  lengths: row(400, 'smuggling', 'there is more than one Content-Length'),
  lengthTooLarge: row(413, 'body-too-large', 'Content-Length is above 2^53-1'),
  lengthAndCoding: row(400, 'smuggling', 'both Content-Length and Transfer-Encoding are present'),
  coding: row(400, 'smuggling', 'Transfer-Encoding does not end in chunked'),
  codings: row(501, 'smuggling', 'Transfer-Encoding names a coding other than chunked'),
  coding10: row(400, 'smuggling', 'Transfer-Encoding in an HTTP/1.0 request'),
  underscore: row(
    400,
    'smuggling',
    'a field name with an underscore becomes a framing or forwarding field in CGI-like apps',
  ),
  hopByHop: row(400, 'smuggling', 'Connection names a field that must reach the app'),
  targetTooLong: row(414, 'target-too-long', 'the request line exceeds --max-head'),
  headTooLarge: row(431, 'head-too-large', 'the request head exceeds --max-head'),
  headTimeout: row(408, 'head-timeout', 'the request head did not arrive within --head-timeout'),
  chunkSize: row(400, 'smuggling', 'a chunk size is malformed'),
  chunkExtension: row(400, 'bad-request', 'a chunk extension is malformed'),
  chunkExtensions: row(413, 'body-too-large', 'the chunk extensions are too long'),
  chunkEnd: row(400, 'smuggling', 'a chunk does not end in CRLF'),
  trailer: row(400, 'bad-request', 'a trailer field is malformed or forbidden'),
  trailers: row(431, 'head-too-large', 'the trailer section is too long'),
} as const

export type RefusalName = keyof typeof TABLE
export const REFUSAL_NAMES = Object.keys(TABLE) as readonly RefusalName[]

/** The negative verdict for each refusal. */
export const REFUSE = Object.fromEntries(REFUSAL_NAMES.map((name, i) => [name, -i - 1])) as Readonly<
  Record<RefusalName, number>
>

/** The row behind a negative verdict. */
export function refusalRow(verdict: number): RefusalRow {
  return TABLE[REFUSAL_NAMES[-verdict - 1]!]
}
