/**
 * A stand-in for kube-proxy: one TCP listener is the Service, each new connection goes to one of the endpoints that it
 * knows, and it learns of changes late. Knows nothing of HTTP. The rules are the field's: established connections stay
 * pinned (conntrack), changes arrive in order, and without a ready endpoint the serving ones among the terminating
 * get the traffic (KEP-1669). One difference: a refused endpoint shows as a reset, since the connection to the
 * Service itself stands already.
 */

import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { ConnectionRecord, FirstEnd } from './journal.ts'
import type { Random } from './random.ts'

/** ready: gets new connections; serving: terminating but still passing its probe, the fallback; out: gets none. */
export type EndpointState = 'ready' | 'serving' | 'out'

export interface Endpoint {
  readonly pod: string
  readonly host: string
  readonly port: number
}

export interface ServiceOptions {
  readonly random: Random
  /** How late a change is learnt, in milliseconds: evenly between the two. */
  readonly lagMs: readonly [number, number]
  readonly choose: 'random' | 'round-robin'
}

export class Service {
  /** Every connection that there was, in the order of arrival. */
  readonly connections: ConnectionRecord[] = []
  readonly #options: ServiceOptions
  readonly #known = new Map<string, { readonly endpoint: Endpoint; readonly state: EndpointState }>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #lastChangeAt = 0
  #turn = 0

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  /** Opens the listener on a free port of 127.0.0.1 and answers its origin, `http://127.0.0.1:PORT`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, resolve)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /**
   * Announces a change; it takes effect after the lag, and never before an earlier one. `learned` is called when it has
   * taken effect.
   */
  announce(endpoint: Endpoint, state: EndpointState, learned: () => void = () => {}): void {
    const now = performance.now()
    const [from, to] = this.#options.lagMs
    const dueAt = Math.max(this.#lastChangeAt, now + this.#options.random.between(from, to))
    this.#lastChangeAt = dueAt
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (state === 'out') this.#known.delete(endpoint.pod)
      else this.#known.set(endpoint.pod, { endpoint, state })
      learned()
    }, dueAt - now)
    this.#timers.add(timer)
  }

  /** Changes that were announced and are not known yet. */
  get pending(): number {
    return this.#timers.size
  }

  /** Sockets that are open, two for each connection. */
  get open(): number {
    return this.#sockets.size
  }

  /** Ends the listener and every connection (with a reset); forgets what was announced. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  #pick(): Endpoint | undefined {
    const all = [...this.#known.values()]
    const ready = all.filter((one) => one.state === 'ready')
    const candidates = ready.length > 0 ? ready : all
    if (this.#options.choose === 'random') return this.#options.random.pick(candidates)?.endpoint
    this.#turn += 1
    return candidates[this.#turn % Math.max(1, candidates.length)]?.endpoint
  }

  #accept(client: Socket): void {
    const endpoint = this.#pick()
    const record: ConnectionRecord = {
      clientPort: client.remotePort ?? 0,
      pod: endpoint?.pod,
      openedAt: performance.now(),
      firstEnd: undefined,
      firstEndAt: undefined,
      clientBytes: 0,
      podBytes: 0,
      passedOnAt: undefined,
    }
    this.connections.push(record)
    this.#hold(client)
    if (endpoint === undefined) {
      ended(record, 'no-endpoint')
      client.on('error', ignore)
      client.resetAndDestroy()
      return
    }
    const pod = connect({ host: endpoint.host, port: endpoint.port, allowHalfOpen: true, noDelay: true })
    this.#hold(pod)
    this.#join(client, pod, record)
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #join(client: Socket, pod: Socket, record: ConnectionRecord): void {
    let connected = false
    pod.once('connect', () => {
      connected = true
    })
    pipe(client, pod, {
      bytes(count) {
        record.clientBytes += count
        record.passedOnAt = performance.now()
      },
      end: () => ended(record, 'client-fin'),
      reset: () => ended(record, 'client-rst'),
    })
    pipe(pod, client, {
      bytes: (count) => (record.podBytes += count),
      end: () => ended(record, 'pod-fin'),
      reset: () => ended(record, connected ? 'pod-rst' : 'refused'),
    })
    client.once('close', () => ended(record, 'closed'))
  }
}

interface PipeEvents {
  readonly bytes: (count: number) => void
  readonly end: () => void
  readonly reset: () => void
}

/** One direction: bytes with backpressure, FIN as FIN, any error as a reset of the other side. */
function pipe(from: Socket, to: Socket, events: PipeEvents): void {
  from.on('data', (chunk: Buffer) => {
    events.bytes(chunk.length)
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.once('end', () => {
    events.end()
    to.end()
  })
  from.on('error', () => {
    events.reset()
    to.resetAndDestroy()
  })
}

function ended(record: ConnectionRecord, how: FirstEnd): void {
  if (record.firstEnd !== undefined) return
  record.firstEnd = how
  record.firstEndAt = performance.now()
}

function ignore(): void {
  // the socket is being destroyed anyway
}
