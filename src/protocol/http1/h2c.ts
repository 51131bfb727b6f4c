/**
 * Removes the offer to upgrade to HTTP/2 (`Upgrade: h2c`) from a request head. RFC 9113 §3.1 has made it obsolete, and if
 * the app accepted it, lastcall could no longer tell what is in flight. Clients that want HTTP/2 begin with its preface.
 * Pure.
 */

import { withoutConnectionFields } from './connection-fields.ts'

const OFFER = { fields: ['upgrade', 'http2-settings'], options: /^(?:upgrade|http2-settings)$/i }
const NOTHING = Buffer.alloc(0)

/** The head in `bytes[start..end)`, which ends with its empty line, as a plain HTTP/1.1 request. */
export function withoutH2c(bytes: Buffer, start: number, end: number): Buffer {
  return withoutConnectionFields(bytes, start, end, OFFER, NOTHING)
}
