/** Who takes over from HTTP/1.1 when a connection is not HTTP/1.1 any more. Pure. */

import type { UpgradeKind } from '../../protocol/http1/request-head.ts'
import type { AppChannel } from './app-channel.ts'
import { Http2Talk } from './http2.ts'
import type { Link, Talk, Terms } from './link.ts'
import { Tunnel } from './tunnel.ts'
import { WebSocketTalk } from './websocket.ts'

export type Succession = 'http2' | 'websocket' | 'tunnel' | 'opaque'

/** What a 101 makes of a connection whose client has asked for this (RFC 9110 §7.8); one nobody asked for is opaque. */
export const SUCCESSION: { readonly [K in UpgradeKind]: Succession } = {
  websocket: 'websocket',
  other: 'tunnel',
  none: 'opaque',
  h2c: 'opaque', // The app was not asked for that: h2c.ts.
}

/** The conversation that goes on with this channel; `status` is the one that its request is counted with. */
export function successor(
  kind: Succession,
  status: number,
  terms: Terms,
  link: Link,
  channel: AppChannel,
): Talk {
  if (kind === 'http2') return new Http2Talk(terms, link, channel)
  return kind === 'websocket' ? new WebSocketTalk(terms, link, channel) : new Tunnel(link, channel, status)
}
