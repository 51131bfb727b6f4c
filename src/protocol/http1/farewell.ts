/**
 * Tells a client in a response head to leave: `Connection: close` replaces the keep-alive fields (DESIGN §1, RFC 9112
 * §9.6). Pure.
 */

import { withoutConnectionFields } from './connection-fields.ts'

const CLOSE = Buffer.from('Connection: close\r\n')
const KEEP_ALIVE = { fields: ['keep-alive'], options: /^(?:close|keep-alive)$/i }

/** The head in `bytes[start..end)`, which ends with its empty line, with `Connection: close`. */
export function farewell(bytes: Buffer, start: number, end: number): Buffer {
  return withoutConnectionFields(bytes, start, end, KEEP_ALIVE, CLOSE)
}
