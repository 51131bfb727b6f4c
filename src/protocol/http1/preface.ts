/**
 * The preface with which every HTTP/2 client begins (RFC 9113 §3.4). To a parser of HTTP/1.1 it looks like the head of a
 * request, with two more lines behind it. Pure.
 */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Whether `bytes[start..end)` begins with the whole preface, is only a part of its beginning, or neither. */
export function prefaceIn(bytes: Uint8Array, start: number, end: number): 'whole' | 'part' | 'none' {
  const length = Math.min(end - start, PREFACE.length)
  for (let i = 0; i < length; i++) if (bytes[start + i] !== PREFACE[i]) return 'none'
  return length === PREFACE.length ? 'whole' : 'part'
}
