/**
 * Removes fields that concern only the connection, and options of Connection, from a head (RFC 9110 §7.6.1). Every other
 * byte of the head stays as it was. The callers decide what is removed. Pure.
 */

import { COLON, CR, LF, eachElement, isWord, trimBlank } from './bytes.ts'

export interface Unwanted {
  /** The names of the fields to remove, in lower case. */
  readonly fields: readonly string[]
  /** Matches the options to remove from Connection. The others stay: they name fields that the next proxy must drop. */
  readonly options: RegExp
}

/** The head in `bytes[start..end)`, which ends with its empty line, without what is unwanted and with `added` at its end. */
export function withoutConnectionFields(
  bytes: Buffer,
  start: number,
  end: number,
  unwanted: Unwanted,
  added: Buffer,
): Buffer {
  const parts: Buffer[] = []
  let kept = start
  let at = start
  let last = start
  while (at < end) {
    const lf = bytes.indexOf(LF, at)
    const lineEnd = lf + 1
    // The empty line: it has no CR but that of its end, as a head with a bare CR is refused or not understood.
    if (lf === at || bytes[at] === CR) {
      last = at
      break
    }
    const options = remaining(bytes, at, lf, unwanted)
    if (options !== 'other') {
      parts.push(bytes.subarray(kept, at))
      if (options !== '') parts.push(Buffer.from(`Connection: ${options}\r\n`, 'latin1'))
      kept = lineEnd
    }
    at = lineEnd
  }
  parts.push(bytes.subarray(kept, last), added, bytes.subarray(last, end))
  return Buffer.concat(parts)
}

/** What remains of the options of a line, '' for a line that is to go; 'other' for a line that stays as it is. */
function remaining(bytes: Buffer, start: number, end: number, { fields, options }: Unwanted): string {
  // Of a line without a colon this is no name: it is empty, or contains the end of the line, and so matches nothing.
  const colon = bytes.indexOf(COLON, start)
  const length = trimBlank(bytes, start, colon) - start
  if (fields.some((name) => name.length === length && isWord(bytes, start, name))) return ''
  if (length !== 10 || !isWord(bytes, start, 'connection')) return 'other'
  const rest: string[] = []
  const valueEnd = bytes[end - 1] === CR ? end - 1 : end
  eachElement(bytes, colon + 1, valueEnd, (from, to) => {
    const option = bytes.toString('latin1', from, to)
    if (!options.test(option)) rest.push(option)
  })
  return rest.join(', ')
}
