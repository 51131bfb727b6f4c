/** Which conversation takes over when a connection is no longer HTTP/1.1. Pure. */

import type { UpgradeKind } from '../../protocol/http1/request-head.ts'
import type { AppChannel } from './app-channel.ts'
import { Http2Conversation } from './http2.ts'
import type { Conversation, Link, Terms } from './link.ts'
import { Tunnel } from './tunnel.ts'
import { WebSocketConversation } from './websocket.ts'

export type Succession = 'http2' | 'websocket' | 'tunnel' | 'opaque'

/**
 * What a 101 makes of a connection, by what the client asked for (RFC 9110 §7.8). If the client asked for nothing:
 * opaque.
 */
export const SUCCESSION: { readonly [K in UpgradeKind]: Succession } = {
  websocket: 'websocket',
  other: 'tunnel',
  none: 'opaque',
  h2c: 'opaque', // lastcall does not pass this request on to the app: h2c.ts.
}

/** Returns the conversation that continues on this channel. Its request is counted with `status`. */
export function successor(
  kind: Succession,
  status: number,
  terms: Terms,
  link: Link,
  channel: AppChannel,
): Conversation {
  if (kind === 'http2') return new Http2Conversation(terms, link, channel)
  return kind === 'websocket'
    ? new WebSocketConversation(terms, link, channel)
    : new Tunnel(link, channel, status)
}
