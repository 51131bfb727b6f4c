/**
 * The request methods that lastcall knows (RFC 9110 §9), each as an index into one list: how it is read, named, and
 * labelled in the metrics. Pure.
 */

import { LABELLED_METHODS } from '../../words.ts'

/** The methods that llhttp knows. Those with a label of their own in the metrics come first, in the order of the labels. */
const METHODS: readonly string[] = [
  ...LABELLED_METHODS,
  ...(
    'ACL BIND CHECKOUT CONNECT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND ' +
    'PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
]
export const METHOD_GET = METHODS.indexOf('GET')
export const METHOD_HEAD = METHODS.indexOf('HEAD')
export const METHOD_CONNECT = METHODS.indexOf('CONNECT')
export const METHOD_OPTIONS = METHODS.indexOf('OPTIONS')

/** RFC 9110 §9.2.2. The idempotent methods of WebDAV are left out: whether an app keeps that promise is not known. */
const IDEMPOTENT = new Set(
  ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].map((name) => METHODS.indexOf(name)),
)

/** The index of the method in `bytes[start..end)`, or -1 if it is unknown. Methods are case-sensitive (RFC 9110 §9.1). */
export function methodOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  for (let i = 0; i < METHODS.length; i++) {
    const name = METHODS[i]!
    if (name.length === length && isAt(bytes, start, name)) return i
  }
  return -1
}

function isAt(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false
  return true
}

/** Whether a request with this method may be sent again after its connection broke. */
export function isIdempotent(method: number): boolean {
  return IDEMPOTENT.has(method)
}

/** The index into METHODS of words.ts for this method: all methods without a label of their own share the last. */
export function methodLabel(method: number): number {
  return Math.min(method, LABELLED_METHODS.length)
}

/** The name of a method, as it was sent. */
export function methodName(method: number): string {
  return METHODS[method]!
}
