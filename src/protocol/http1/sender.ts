/** What a request head says about the program that sent it: a health prober, or an EventSource. Pure. */

import { COMMA, isWord, skipBlank } from './bytes.ts'

/** User-Agent of the clients that check this pod rather than use it: the kubelet and the load balancers' health checks. */
const PROBES = ['kube-probe/', 'googlehc/', 'elb-healthchecker/']
const EVENT_STREAM = 'text/event-stream'
const SEMICOLON = 0x3b

/** Whether a User-Agent field with the value `bytes[valueStart..valueEnd)` is a health prober's. */
export function isProbe(bytes: Uint8Array, valueStart: number, valueEnd: number): boolean {
  const start = skipBlank(bytes, valueStart, valueEnd)
  const first = bytes[start]! | 0x20
  // 'k', 'g' or 'e': nearly every other client is told apart by its first letter.
  if (first !== 0x6b && first !== 0x67 && first !== 0x65) return false
  return PROBES.some((prefix) => valueEnd - start >= prefix.length && isWord(bytes, start, prefix))
}

/**
 * Whether an Accept field with the value `bytes[valueStart..valueEnd)` names text/event-stream, with or without
 * parameters (RFC 9110 §12.5.1). No closure, as browsers send long lists with every request.
 */
export function acceptsEvents(bytes: Uint8Array, valueStart: number, valueEnd: number): boolean {
  let at = skipBlank(bytes, valueStart, valueEnd)
  while (at + EVENT_STREAM.length <= valueEnd) {
    if (isWord(bytes, at, EVENT_STREAM)) {
      const behind = skipBlank(bytes, at + EVENT_STREAM.length, valueEnd)
      if (behind === valueEnd || bytes[behind] === COMMA || bytes[behind] === SEMICOLON) return true
    }
    while (at < valueEnd && bytes[at] !== COMMA) at += 1
    at = skipBlank(bytes, at + 1, valueEnd)
  }
  return false
}
