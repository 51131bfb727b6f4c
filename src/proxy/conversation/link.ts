/**
 * The contract between the pure conversations and the shell: what a conversation is told, what it may ask for, and what
 * holds for all of them at the moment.
 */

import type { AppFault } from '../../protocol/http1/answer.ts'
import type { Stream } from '../../protocol/http2/streams.ts'
import type { EndWho, EndWhy, Protocol, Refusal } from '../../words.ts'

/** What a conversation tells of its requests, so that it is known what is in flight. */
export interface Account {
  /** The first byte of a request has been seen: it is in flight. */
  began(protocol: Protocol): void
  /** What is in flight is now carried as this. */
  became(protocol: Protocol): void
  /** What had begun was no request: it is in flight no more, and never was. */
  withdrew(): void
  /** A stream of HTTP/2 has begun: each is in flight on its own, beside others. */
  streamBegan(stream: Stream): void
  /** It has ended. In flight until the kernel took all bytes. */
  streamEnded(stream: Stream): void
  /** The head of a request on its way has begun: from now on it may take as long as a head may take. */
  headBegan(): void
  /** A request of a user, not of a prober, has its head complete. `target` is in `bytes[start..end)`. */
  requested(method: number, probe: boolean, bytes: Buffer, start: number, end: number): void
  /**
   * The exchange has ended; `status` 0 if the client never got one. In flight until the kernel took all bytes. `served`:
   * the client was sent the whole response of the app; or a tunnel was closed by those who talk through it.
   */
  finished(status: number, served: boolean): void
}

/** What a conversation has the shell do. Byte ranges are valid only during the call. */
export interface Link {
  readonly account: Account
  toApp(bytes: Buffer, start: number, end: number): void
  toClient(bytes: Buffer, start: number, end: number): void
  /** Connect to the app, which answers with `appOpen` or `appFailed`. */
  dial(): void
  /** Half-close the app connection. */
  finApp(): void
  /** Close the app connection once the app's kernel has all that was written: the app sees a FIN. */
  dropApp(): void
  /** End the app connection with a reset: a request that is cut must not look complete, and the app can stop its work. */
  resetApp(): void
  /** Half-close after what was written; what the client still sends is thrown away until it leaves (RFC 9112 §9.6). */
  finClient(who: EndWho, why: EndWhy): void
  /** Half-close after what was written, and go on reading: for tunnels. */
  halfCloseClient(): void
  /** End the client's connection so that a cut response cannot look complete. */
  resetClient(who: EndWho, why: EndWhy): void
  /** Whether the client's kernel has not taken all that was written; exact right after `flush`. */
  readonly clientBacklog: boolean
  /** Send what was laid out now, and not only at the end of this event. */
  flush(): void
  /** From here on another conversation has both sides; what is left to tell, the caller tells it itself. */
  handOver(to: Talk): void
  refused(reason: Refusal): void
  /** The line to put in and the empty line that ends the head: `X-Forwarded-For: …\r\n\r\n`. */
  forwardedLine(): Buffer
  /** Four random bytes: what a client masks a WebSocket frame with (RFC 6455 §5.3). */
  maskingKey(): Uint8Array
}

/** What holds for all conversations; the shell changes it, they read it. */
export interface Terms {
  /** Milliseconds, set by the shell before each call. */
  now: number
  /** When the stop began (the first trigger of the kubelet); Infinity while there is none. */
  stopAt: number
  /** Clients are to leave: each response says `Connection: close`. */
  lameDuck: boolean
  /** And what has no end is to be ended. */
  draining: boolean
  /** What `--lb-health-path` answers. */
  lbHealthy: boolean
  readonly maxHeadBytes: number
  readonly forwardedFor: boolean
  readonly lbHealthPath: Buffer | undefined
}

/** A conversation, as the shell sees it: what happened on either side goes in, orders come out through its `Link`. */
export interface Talk {
  /** Nothing in flight, nothing half said: the connection may be closed without losing anything. */
  readonly idle: boolean
  /** A head has begun and not ended. */
  readonly inHead: boolean
  /** Bytes of the client that it holds, as they cannot be sent on yet: above a measure the client is not read from. */
  readonly buffered: number
  fromClient(bytes: Buffer, start: number, end: number): void
  clientEnded(): void
  clientGone(): void
  /** The client's backlog is gone: what waited for that goes on. */
  clientDrained(): void
  headTimedOut(): void
  /** Called a few times a second, for those that wait for something until a time. */
  sweep(): void
  /** The clientMode has changed to one in which clients are to leave: says so now, where the protocol has a word for it. */
  leave(clientMode: 'lame-duck' | 'draining'): void
  /** The client sees a FIN, and goes elsewhere. */
  closeIfIdle(why: 'drained' | 'timeout' | 'limit'): void
  appOpen(): void
  appFailed(fault: AppFault): void
  fromApp(bytes: Buffer, start: number, end: number): void
  appEnded(): void
  appGone(): void
}
