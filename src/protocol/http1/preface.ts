/**
 * What an HTTP/2 client begins with: to a parser of HTTP/1.1 it looks like a request, and like the end of one.
 * RFC 9113 §3.4.
 */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Whether `bytes[start..end)` begins with the preface, or is the beginning of one. */
export function prefaceIn(bytes: Uint8Array, start: number, end: number): 'whole' | 'part' | 'none' {
  const length = Math.min(end - start, PREFACE.length)
  for (let i = 0; i < length; i++) if (bytes[start + i] !== PREFACE[i]) return 'none'
  return length === PREFACE.length ? 'whole' : 'part'
}
