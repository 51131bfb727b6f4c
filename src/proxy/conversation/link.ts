/**
 * The contract between the pure conversations and the shell: the events of a conversation, its orders, and what applies
 * to all conversations.
 */

import type { AppFault } from '../../protocol/http1/answer.ts'
import type { Stream } from '../../protocol/http2/streams.ts'
import type { EndWho, EndWhy, Protocol, Refusal } from '../../words.ts'

/** What a conversation reports about its requests, so that it is known what is in flight. */
export interface Account {
  /** The first byte of a request has been seen: it is in flight. */
  began(protocol: Protocol): void
  /** The request in flight is now carried by this protocol. */
  became(protocol: Protocol): void
  /** What had begun was not a request: it is not in flight, and is not counted. */
  withdrew(): void
  /** An HTTP/2 stream has begun. Each stream is in flight on its own. */
  streamBegan(stream: Stream): void
  /** The stream has ended. It stays in flight until the kernel has taken all bytes. */
  streamEnded(stream: Stream): void
  /** The head of a request has begun; it has head-timeout from now on. */
  headBegan(): void
  /** The head of a request is complete. `probe`: it is a health check. `bytes[start..end)` is the target. */
  requested(method: number, probe: boolean, bytes: Buffer, start: number, end: number): void
  /**
   * The exchange has ended; `status` is 0 if the client got none. It stays in flight until the kernel has taken all
   * bytes. `served`: the client was sent the app's whole response, or its two ends closed the tunnel.
   */
  finished(status: number, served: boolean): void
}

/** The orders of a conversation. Byte ranges are valid only during the call. */
export interface Link {
  readonly account: Account
  toApp(bytes: Buffer, start: number, end: number): void
  toClient(bytes: Buffer, start: number, end: number): void
  /** Connect to the app; `appOpen` or `appFailed` follows. */
  dial(): void
  /** Half-close the app connection. */
  finApp(): void
  /** Close the app connection after the app's kernel has taken everything that was written: the app sees a FIN. */
  dropApp(): void
  /** Reset the app connection: a cut request must not look complete, and the app can stop working on it. */
  resetApp(): void
  /** Half-close after what was written. What the client still sends is discarded until it leaves (RFC 9112 §9.6). */
  finClient(who: EndWho, why: EndWhy): void
  /** Half-close after what was written, and continue reading. For tunnels. */
  halfCloseClient(): void
  /** Reset the client's connection, so that a cut response cannot look complete. */
  resetClient(who: EndWho, why: EndWhy): void
  /** Whether the client's kernel has not taken everything that was written; exact right after `flush`. */
  readonly clientBacklog: boolean
  /** Send what was laid out now instead of at the end of this event. */
  flush(): void
  /** Another conversation takes over. The caller passes on to it the events that came before. */
  handOver(to: Conversation): void
  refused(reason: Refusal): void
  /** `X-Forwarded-For: …\r\n\r\n`: the line to insert and the empty line that ends the head. */
  forwardedLine(): Buffer
  /** Four random bytes, with which a client masks a WebSocket frame (RFC 6455 §5.3). */
  maskingKey(): Uint8Array
}

/** What applies to all conversations. The shell changes it; they read it. */
export interface Terms {
  /** In milliseconds; the shell sets it before each call. */
  now: number
  /** When the stop began (the kubelet's first trigger); Infinity if there is none. */
  stopAt: number
  /** Clients are told to leave: each response says `Connection: close`. */
  lameDuck: boolean
  /** Streams without an end of their own are ended, too. */
  draining: boolean
  /** The answer to `--lb-health-path`. */
  lbHealthy: boolean
  readonly maxHeadBytes: number
  readonly forwardedFor: boolean
  readonly lbHealthPath: Buffer | undefined
}

/** A conversation as the shell sees it: the events of both sides go in, and orders come out through `Link`. */
export interface Conversation {
  /** Nothing is in flight and no message has begun: the connection can be closed without losing anything. */
  readonly idle: boolean
  /** A head has begun and not yet ended. */
  readonly inHead: boolean
  /**
   * How many bytes of the client it holds because they cannot be sent on yet. Above a limit, the client is not read
   * from.
   */
  readonly buffered: number
  /** Bytes of an incomplete head that it holds, at most --max-head. */
  readonly headBytes: number
  fromClient(bytes: Buffer, start: number, end: number): void
  clientEnded(): void
  clientGone(): void
  /** The client has taken its backlog. */
  clientDrained(): void
  headTimedOut(): void
  /** Called several times a second, for whatever has a time limit. */
  sweep(): void
  /** Clients have to leave from now on; tells this one, if the protocol has a message for it. */
  leave(clientMode: 'lame-duck' | 'draining'): void
  /** Half-closes the client's connection if the conversation is idle. */
  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void
  appOpen(): void
  appFailed(fault: AppFault): void
  fromApp(bytes: Buffer, start: number, end: number): void
  appEnded(): void
  appGone(): void
}
