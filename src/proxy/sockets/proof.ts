/**
 * Tries out at start-up whether the native path works on this Node: a loopback connection is accepted, read from,
 * written to until a write has to wait, and drained, by the functions that the relay uses. If a release of Node has
 * changed what native.ts relies on, it shows here, where it costs speed, and not under traffic, where a stall or an
 * abort of the process would cost requests.
 */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Cancel, Clock } from '../process/clock.ts'
import { type Handle, handleOf, type NativeWays, NODE, type Writer } from './native.ts'
import { Transit } from './transit.ts'

export type Proof =
  | { readonly kind: 'native'; readonly writer: Writer }
  | { readonly kind: 'portable'; readonly why: string }

const LOOPBACKS = ['127.0.0.1', '::1']
/**
 * The trial takes about 5 ms. The limit is for a Node that never reports, and is counted in ticks because a frozen
 * process then uses up only one.
 */
const TICK_MS = 50
const TICKS = 20
const READ_BYTES = 64 * 1024
const WORD_BYTES = 16
const PIECE_BYTES = 128 * 1024
/** Loopback takes about 3 MiB before a write has to wait. */
const MOST_PIECES = 512

/**
 * Tries the native path. Never rejects, and ends within a second; `portable` says why only documented APIs can be used.
 * `ways` is what is tried.
 */
export async function proveNative(clock: Clock, ways: NativeWays = NODE): Promise<Proof> {
  const writer = ways.findWriter()
  if (writer === undefined) return { kind: 'portable', why: 'found no way to write to a handle' }
  let why = ''
  for (const host of LOOPBACKS) {
    const server = createServer({ allowHalfOpen: true })
    const port = await listening(server, host)
    if (typeof port === 'string') {
      why = `cannot listen on ${host} for a trial: ${port}`
      continue
    }
    const problem = await new Trial(clock, ways, writer, server).run(host, port)
    return problem === undefined ? { kind: 'native', writer } : { kind: 'portable', why: problem }
  }
  return { kind: 'portable', why }
}

/** Resolves with the port, or with the errno. */
function listening(server: Server, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    server.on('error', (error) => resolve(errnoOf(error)))
    server.listen({ host, port: 0 }, () => resolve((server.address() as AddressInfo).port))
  })
}

/** A trial moves from step to step as events arrive. Anything unexpected is thrown and ends it. */
class Trial {
  readonly #clock: Clock
  readonly #ways: NativeWays
  readonly #writer: Writer
  readonly #server: Server
  readonly #outcome = Promise.withResolvers<string | undefined>()
  readonly #piece = Buffer.alloc(PIECE_BYTES, 'every byte arrives once, and where it belongs. ')
  readonly #word = this.#piece.subarray(0, WORD_BYTES)
  readonly #toAccepted = new Transit()
  readonly #toClient = new Transit()
  readonly #sockets: Socket[] = []
  readonly #callers: { readonly handle: Handle; readonly socket: Socket }[] = []
  #client: Socket | undefined
  #accepted: Handle | undefined
  #step: 'meet' | 'read' | 'write' | 'again' = 'meet'
  /** How many writes had to wait, and how many of those have reported. */
  #waiting = 0
  #reported = 0
  #tick: Cancel | undefined

  constructor(clock: Clock, ways: NativeWays, writer: Writer, server: Server) {
    this.#clock = clock
    this.#ways = ways
    this.#writer = writer
    this.#server = server
  }

  /** Resolves with the problem, or undefined if there is none. */
  async run(host: string, port: number): Promise<string | undefined> {
    this.#countDown(TICKS)
    this.#guard(() => this.#begin(host, port))
    const problem = await this.#outcome.promise
    this.#tick?.()
    this.#server.close()
    for (const socket of this.#sockets) this.#guard(() => socket.destroy())
    return problem
  }

  #begin(host: string, port: number): void {
    if (!this.#ways.canTakeHandles(this.#server)) throw new Error('a listener does not give out handles')
    const buffer = Buffer.alloc(READ_BYTES)
    const callback = (count: number): boolean => {
      this.#guard(() => this.#arrived(this.#toClient, buffer, count))
      return true
    }
    const client = connect({ host, port, allowHalfOpen: true, noDelay: true, onread: { buffer, callback } })
    this.#watch(client)
    this.#ways.takeHandles(
      this.#server,
      (handle) => this.#guard(() => this.#accept(handle)),
      () => this.#guard(() => refuse('a connection could not be accepted')),
    )
    client.on('connect', () => {
      this.#client = client
      this.#guard(() => this.#meet())
    })
  }

  #accept(handle: Handle): void {
    const buffer = Buffer.alloc(READ_BYTES)
    const callback = (count: number, bytes: Uint8Array): boolean => {
      this.#guard(() => {
        if (handle !== this.#accepted) return
        if (bytes !== buffer) throw new Error('a read used a different buffer from the one given')
        this.#arrived(this.#toAccepted, buffer, count)
      })
      return true
    }
    const socket = this.#ways.adopt(handle, { buffer: () => buffer, callback })
    this.#watch(socket)
    this.#callers.push({ handle, socket })
    this.#meet()
  }

  /** Continues when both ends are there. Another process on this machine may have connected to the port, too. */
  #meet(): void {
    const client = this.#client
    if (client === undefined || this.#step !== 'meet') return
    this.#accepted = this.#callers.find(({ socket }) => socket.remotePort === client.localPort)?.handle
    if (this.#accepted === undefined) return
    this.#step = 'read'
    const handle = handleOf(client)
    if (handle === undefined) throw new Error('a socket has no handle')
    if (!this.#send(handle, this.#toAccepted, this.#word))
      throw new Error('a small write was not taken at once')
  }

  #arrived(transit: Transit, bytes: Buffer, count: number): void {
    if (!transit.received(bytes, count)) throw new Error('the bytes read differ from the bytes written')
    this.#next()
  }

  #next(): void {
    const accepted = this.#accepted
    if (accepted === undefined) return
    if (this.#step === 'read' && this.#toAccepted.isEmpty) {
      this.#step = 'write'
      this.#fill(accepted)
    } else if (this.#step === 'write' && this.#toClient.isEmpty && this.#reported === this.#waiting) {
      this.#step = 'again'
      // A request that the first write did not use serves the second.
      if (
        !this.#send(accepted, this.#toClient, this.#word) ||
        !this.#send(accepted, this.#toClient, this.#word)
      )
        throw new Error('a small write after others was not taken at once')
    } else if (this.#step === 'again' && this.#toClient.isEmpty) this.#outcome.resolve(undefined)
  }

  /**
   * Writes without a pause, so that nobody reads in between, until a write has to wait; then once more, which has to
   * wait as well.
   */
  #fill(accepted: Handle): void {
    if (!this.#send(accepted, this.#toClient, this.#word))
      throw new Error('a small write was not taken at once')
    let pieces = 0
    while (this.#send(accepted, this.#toClient, this.#piece))
      if (++pieces === MOST_PIECES) throw new Error('no write had to wait')
    if (this.#send(accepted, this.#toClient, this.#word))
      throw new Error('a write did not wait for the one before it')
  }

  /** Returns whether the write was taken at once. */
  #send(handle: Handle, transit: Transit, bytes: Buffer): boolean {
    // Using a request twice while it is in use aborts the process, so no request is used again before everything else
    // has worked.
    if (this.#step !== 'again') this.#writer.forget()
    transit.sent(bytes)
    const outcome = this.#writer.write(handle, bytes)
    if (outcome === 0) return true
    if (typeof outcome === 'number') throw new Error(`a write failed with ${outcome}`)
    const turn = this.#waiting
    this.#waiting += 1
    outcome.oncomplete = (status) => this.#guard(() => this.#report(turn, status))
    return false
  }

  #report(turn: number, status: number): void {
    if (status !== 0) throw new Error(`a write that had to wait failed with ${status}`)
    if (turn !== this.#reported) throw new Error('writes that had to wait reported out of order')
    this.#reported += 1
    this.#next()
  }

  #watch(socket: Socket): void {
    this.#sockets.push(socket)
    socket.on('error', (error) => this.#guard(() => refuse(`no connection over loopback: ${errnoOf(error)}`)))
  }

  #countDown(ticks: number): void {
    this.#tick = this.#clock.after(TICK_MS, () => {
      if (ticks > 1) return this.#countDown(ticks - 1)
      const left = this.#toClient.left + this.#toAccepted.left
      const silent = this.#waiting - this.#reported
      this.#outcome.resolve(
        `no answer within ${TICKS * TICK_MS} ms (${this.#step}: ${left} bytes not read, ${silent} writes not done)`,
      )
    })
  }

  /** Whatever is thrown ends the trial, not the process. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#outcome.resolve(error instanceof Error ? error.message : String(error))
    }
  }
}

function refuse(why: string): never {
  throw new Error(why)
}

function errnoOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message
}
