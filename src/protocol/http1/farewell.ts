/**
 * Says goodbye in a response head: `Connection: close` in place of the connection's keep-alive fields (DESIGN §1,
 * RFC 9112 §9.6).
 */

import { withoutConnectionFields } from './connection-fields.ts'

const CLOSE = Buffer.from('Connection: close\r\n')
const KEEP_ALIVE = { fields: ['keep-alive'], options: /^(?:close|keep-alive)$/i }

/** The head in `bytes[start..end)`, which ends with its empty line, told to close. */
export function farewell(bytes: Buffer, start: number, end: number): Buffer {
  return withoutConnectionFields(bytes, start, end, KEEP_ALIVE, CLOSE)
}
