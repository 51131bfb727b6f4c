/**
 * Takes the offer to go on in HTTP/2 out of a request head: RFC 9113 §3.1 has made `Upgrade: h2c` obsolete, nothing may
 * answer it, and behind an app that did we would no longer know what is in flight. Clients that mean HTTP/2 begin
 * with its preface.
 */

import { withoutConnectionFields } from './connection-fields.ts'

const OFFER = { fields: ['upgrade', 'http2-settings'], options: /^(?:upgrade|http2-settings)$/i }
const NOTHING = Buffer.alloc(0)

/** The head in `bytes[start..end)`, which ends with its empty line, as an ordinary request of HTTP/1.1. */
export function withoutH2c(bytes: Buffer, start: number, end: number): Buffer {
  return withoutConnectionFields(bytes, start, end, OFFER, NOTHING)
}
