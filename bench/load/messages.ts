/** What the load generator can be asked to do, and what it says afterwards; both go over the IPC channel as they are. */

interface Timed {
  readonly port: number
  readonly connections: number
  readonly warmMs: number
  readonly measureMs: number
  /** Processes whose processor time is read when the measuring begins and ends: the proxy's, then the app's. */
  readonly proxy: readonly number[]
  readonly app: readonly number[]
}

export type Task =
  /** As many requests as there are connections are under way all the time. */
  | (Timed & { readonly kind: 'closed'; readonly path: string })
  /** Requests are due at a fixed rate, whatever becomes of those before. */
  | (Timed & { readonly kind: 'open'; readonly path: string; readonly perSecond: number })
  /** As closed, but each request on a connection of its own, which the client closes when it has the answer. */
  | (Timed & { readonly kind: 'fresh'; readonly path: string })
  | (Timed & { readonly kind: 'upload'; readonly bytes: number })
  | (Timed & { readonly kind: 'download'; readonly bytes: number })
  /** Each connection sends its next WebSocket message of so many bytes when the last one has come back. */
  | (Timed & { readonly kind: 'websocket'; readonly bytes: number })
  /** HTTP/2 with prior knowledge: so many streams on each connection are under way all the time. */
  | (Timed & { readonly kind: 'http2'; readonly streams: number; readonly shape: Shape })
  /** Opens connections and keeps them; answers when all are there. */
  | { readonly kind: 'gather'; readonly port: number; readonly connections: number; readonly manner: Manner }
  /** Closes those. */
  | { readonly kind: 'disperse' }

export type TimedTask = Extract<Task, Timed>

/**
 * get: a stream for each GET; call: a stream for each unary gRPC call; messages: streams that stay, gRPC messages that
 * come back, one under way on each.
 */
export type Shape = 'get' | 'call' | 'messages'

/** silent: sends nothing; used: one request, answered; slow: a head that comes byte by byte and never ends. */
export type Manner = 'silent' | 'used' | 'slow'

export interface Measured {
  readonly kind: 'measured'
  readonly seconds: number
  /** Answered requests, and the bytes of bodies and heads that came or went. */
  readonly requests: number
  readonly bytes: number
  readonly errors: number
  readonly firstError: string | undefined
  readonly proxyCpuUs: number
  readonly appCpuUs: number
  readonly ownCpuUs: number
  /** All that all processors did meanwhile, for whomever. */
  readonly machineCpuUs: number
  /** Open loop only: microseconds from when a request was due to its answer, at each of `PERCENTILES`. */
  readonly latencyUs: readonly number[]
  /** Open loop only: how late requests were handed to a connection, in microseconds, at the 99th percentile. */
  readonly lateUs: number
}

export type Reply =
  | Measured
  | { readonly kind: 'gathered'; readonly open: number; readonly lost: number }
  | { readonly kind: 'failed'; readonly why: string }

/** Where latency is read: enough for a curve. */
export const PERCENTILES = [1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100]
