/**
 * Says goodbye in a response head: `Connection: close` in place of the connection's keep-alive fields (DESIGN §1,
 * RFC 9112 §9.6). Every other byte of the head stays as the app wrote it.
 */

import { CR, LF, eachElement, isWord, trimBlank } from './bytes.ts'

const CLOSE = Buffer.from('Connection: close\r\n')

/**
 * The head in `bytes[start..end)`, which ends with its empty line, told to close. Options of Connection other than
 * keep-alive and close are kept, as they name fields that the client's side has to drop.
 */
export function farewell(bytes: Buffer, start: number, end: number): Buffer {
  const parts: Buffer[] = []
  let kept = start
  let at = start
  let last = start
  while (at < end) {
    const lf = bytes.indexOf(LF, at)
    const lineEnd = lf + 1
    if (lf === at || (lf === at + 1 && bytes[at] === CR)) {
      last = at
      break
    }
    const option = connectionLine(bytes, at, lf)
    if (option !== 'other') {
      parts.push(bytes.subarray(kept, at))
      if (option !== '') parts.push(Buffer.from(`Connection: ${option}\r\n`, 'latin1'))
      kept = lineEnd
    }
    at = lineEnd
  }
  parts.push(bytes.subarray(kept, last), CLOSE, bytes.subarray(last, end))
  return Buffer.concat(parts)
}

/** What is left of a line that speaks of keeping alive, without the word; 'other' for any other line. */
function connectionLine(bytes: Buffer, start: number, end: number): string {
  const colon = bytes.indexOf(0x3a, start)
  if (colon < 0 || colon > end || trimBlank(bytes, start, colon) - start !== 10) return 'other'
  if (isWord(bytes, start, 'keep-alive')) return ''
  if (!isWord(bytes, start, 'connection')) return 'other'
  const rest: string[] = []
  const valueEnd = bytes[end - 1] === CR ? end - 1 : end
  eachElement(bytes, colon + 1, valueEnd, (from, to) => {
    const option = bytes.toString('latin1', from, to)
    if (!/^(?:close|keep-alive)$/i.test(option)) rest.push(option)
  })
  return rest.join(', ')
}
