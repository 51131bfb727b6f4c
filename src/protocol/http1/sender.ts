/**
 * What a request head tells about the program that sent it: a health prober (the kubelet, or a load balancer of Google's or
 * Amazon's), or an EventSource. Pure.
 */

import { COMMA, isWord, skipBlank } from './bytes.ts'

const EVENT_STREAM = 'text/event-stream'
const SEMICOLON = 0x3b

/** Whether the value `bytes[valueStart..valueEnd)` of a User-Agent field is that of a health prober. */
export function isProbe(bytes: Uint8Array, valueStart: number, valueEnd: number): boolean {
  const start = skipBlank(bytes, valueStart, valueEnd)
  switch (bytes[start]! | 0x20) {
    case 0x6b: // k
      return isWord(bytes, start, 'kube-probe/')
    case 0x67: // g
      return isWord(bytes, start, 'googlehc/')
    case 0x65: // e
      return isWord(bytes, start, 'elb-healthchecker/')
    default:
      return false
  }
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
