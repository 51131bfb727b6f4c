/** Whether a health prober sent a request: the kubelet, Envoy, or a load balancer of Google, Amazon or Azure. Pure. */

import { isWord, skipBlank } from './bytes.ts'

/** Whether the value `bytes[valueStart..valueEnd)` of a User-Agent field is that of a health prober. */
export function isProbe(bytes: Uint8Array, valueStart: number, valueEnd: number): boolean {
  const start = skipBlank(bytes, valueStart, valueEnd)
  switch (bytes[start]! | 0x20) {
    case 0x6b: // k
      return isWord(bytes, start, 'kube-probe/')
    case 0x67: // g
      return isWord(bytes, start, 'googlehc/')
    case 0x65: // e
      return isWord(bytes, start, 'elb-healthchecker/') || isWord(bytes, start, 'envoy/hc')
    case 0x6c: // l
      return isWord(bytes, start, 'load balancer agent') // Azure's
    default:
      return false
  }
}
