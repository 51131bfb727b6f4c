/** The facts about the head of a request that a relay needs. request-parser.ts fills them in. Pure. */

/** The head does not end within the bytes given. */
export const MORE = 0

export type UpgradeKind = 'none' | 'websocket' | 'h2c' | 'other'

/** The facts of one head. One object serves all connections: `parseRequestHead` sets every fact anew. */
export class RequestHead {
  /** Index of the method: see `methodName` and `methodLabel`. */
  method = 0
  targetStart = 0
  targetEnd = 0
  /** The minor version of HTTP/1: 0 or 1. */
  minor = 1
  /** The length of the body in bytes, or `CHUNKED`. */
  length = 0
  idempotent = false
  /** Whether the client allows another request on this connection (RFC 9112 §9.3). */
  persistent = true
  upgrade: UpgradeKind = 'none'
  /** The sender is the kubelet or a load balancer that checks this pod's health. */
  probe = false

  // What the parser notes while it reads the fields, and draws its conclusions from.
  /** How many fields of each of these names there are. */
  hosts = 0
  lengths = 0
  codings = 0
  /** The options that Connection names (RFC 9110 §7.6.1). */
  close = false
  keepAlive = false
  upgradeOption = false
}
