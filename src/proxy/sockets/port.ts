/**
 * The connection to one side, with the few operations that a relay needs. Node's socket events arrive here and nowhere
 * else.
 *
 * All ports read into one shared buffer, since the callback runs within the read. If a read fills that buffer, more is
 * about to follow, and the rest of the burst is relayed without a copy (bulk.ts). Writes go straight to the handle
 * where possible (native.ts).
 *
 * Long, because reading, writing and closing all depend on the state of the same socket.
 */

import { connect, type Socket } from 'node:net'
import { constants } from 'node:os'
import type { Address } from '../config/config.ts'
import { dialErrorCode } from './dial-error.ts'
import { isSelfConnection } from './self-connection.ts'
import type { BulkBuffers } from './bulk.ts'
import { type Burst, type BurstWriter, writeTogether } from './burst.ts'
import { adopt, type Handle, handleOf, hasNoPeer, type ReadInto, type Writer } from './native.ts'
import { NOBODY, type PortOwner, type Side } from './port-owner.ts'
import type { Slab, SlabWriter } from './slab.ts'

/** What all ports share. */
export interface PortKit {
  readonly slab: Slab
  /** Reads go here, except during a burst. */
  readonly shared: Buffer
  readonly bulk: BulkBuffers
  /** Only used on the portable path. */
  readonly burst: Burst
  /** Writes to handles. Without it, sockets are written to with documented APIs. */
  readonly writer: Writer | undefined
}

/** What libuv returns for a write if the peer has reset the connection. */
const RESET = -constants.errno.ECONNRESET

/** Below this size, copying costs less than a write of its own. */
const WORTH_NO_COPY = 16 * 1024

const NO_BYTES = Buffer.alloc(0)

export class Port implements SlabWriter, BurstWriter {
  readonly side: Side
  readonly #kit: PortKit
  #owner: PortOwner
  #socket!: Socket
  /** What the next read goes into. */
  #buffer: Buffer
  #pending = 0
  #paused = false
  #broken = false
  /**
   * Node is sending our FIN. Until that is done, libuv cannot reset the connection and would leave the socket open for
   * ever.
   */
  #shutting = false
  /** Our FIN has been ordered. Ordering it twice makes Node build an error, which costs more than the FIN. */
  #finished = false
  #closed = false
  /** The peer has sent its FIN, and everything before it has been read. */
  #ended = false
  #isUnix = false
  /** The name of the error that broke the connection. */
  #errno: string | undefined

  constructor(side: Side, kit: PortKit, owner: PortOwner) {
    this.side = side
    this.#kit = kit
    this.#owner = owner
    this.#buffer = kit.shared
  }

  /** Takes over an accepted connection as a handle. */
  adopt(handle: Handle): void {
    this.#attach(adopt(handle, this.#readInto()))
  }

  /** Takes over an accepted connection as a socket, on the portable path. */
  wrap(socket: Socket): void {
    this.#attach(socket)
    socket.on('data', (chunk: Buffer) => this.#readChunk(chunk))
  }

  /** Connects to the app; `portOpen` or `portClosed` follows. */
  dial(app: Address): void {
    const onread = this.#readInto() as never
    this.#isUnix = app.kind === 'unix'
    const socket =
      app.kind === 'unix'
        ? connect({ path: app.path, allowHalfOpen: true, onread })
        : connect({ host: app.host, port: app.port, allowHalfOpen: true, noDelay: true, onread })
    this.#attach(socket)
    // A reset instead of a FIN: the port is the app's and must not stay in TIME-WAIT. The owner sees a refusal.
    socket.on('connect', () =>
      isSelfConnection(socket) ? socket.resetAndDestroy() : this.#owner.portOpen(this.side),
    )
  }

  /** Whether the kernel has not yet taken everything that was written. */
  get backlog(): boolean {
    return this.#pending > 0 || this.#kit.burst.holds(this)
  }

  /** Whether the kernel was offered more than it has taken so far. Bytes that a burst gathers do not count. */
  get stalled(): boolean {
    return this.#pending > 0
  }

  /** Whether the peer has never sent a byte. */
  get silent(): boolean {
    return this.received === 0
  }

  /** Bytes that the peer has sent. */
  get received(): number {
    return this.#socket.bytesRead
  }

  /**
   * Makes `remoteAddress` outlast the connection: the kernel does not tell it for a closed one, but Node keeps it once
   * it was read.
   */
  rememberPeer(): void {
    void this.#socket.remoteAddress
  }

  /** Empty if the connection was closed before anyone asked. */
  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? ''
  }

  /** Lays the bytes out, to be sent when the slab is flushed. Large ones are sent at once. */
  write(bytes: Buffer, start: number, end: number): void {
    if (this.#broken) return
    const { slab, bulk, burst } = this.#kit
    if (end - start < WORTH_NO_COPY || !bulk.holds(bytes)) return slab.add(this, bytes, start, end)
    slab.flush()
    const part = bytes.subarray(start, end)
    // A burst frees the chunk after writing it, so no later part of the chunk may still be needed.
    if (this.#kit.writer !== undefined || end < bytes.length) return void this.#send(part, bytes)
    bulk.keep(bytes)
    burst.add(this, part, bytes)
  }

  /**
   * Writes now, for the slab. Returns true if the kernel took everything, so that the slab can use the memory again.
   */
  send(bytes: Uint8Array): boolean {
    return this.#send(bytes, undefined)
  }

  /** `bulk`: the bulk buffer that contains the bytes, if any. */
  #send(bytes: Uint8Array, bulk: Buffer | undefined): boolean {
    if (this.#broken || this.#closed) return true
    const { burst, writer } = this.#kit
    if (writer === undefined) {
      if (burst.holds(this)) burst.flush()
      return this.#sendBySocket(bytes, bulk)
    }
    const handle = handleOf(this.#socket)
    if (handle === undefined) return true
    const outcome = writer.write(handle, bytes)
    if (typeof outcome === 'number') {
      if (outcome !== 0) this.#writeFailed(outcome === RESET)
      return true
    }
    this.#waits(bulk)
    outcome.oncomplete = (status) => {
      outcome.buffer = undefined
      if (status < 0) this.#writeFailed(status === RESET)
      this.#written(bulk)
    }
    return false
  }

  #sendBySocket(bytes: Uint8Array, bulk: Buffer | undefined): boolean {
    if (!this.#socket.writable) return true
    let pending = false
    this.#socket.write(bytes, (error?: NodeJS.ErrnoException | null) => {
      if (error) this.#writeFailed(error.code === 'ECONNRESET')
      if (pending) this.#written(bulk)
    })
    if (this.#socket.writableLength === 0) return true
    pending = true
    this.#waits(bulk)
    return false
  }

  /** Writes now, for the burst. Frees the chunks when the kernel has taken everything. */
  sendBurst(parts: readonly Buffer[], chunks: readonly Buffer[]): boolean {
    const socket = this.#socket
    const { bulk, burst } = this.#kit
    const free = (): true => {
      for (const chunk of chunks) bulk.written(chunk)
      return true
    }
    if (this.#broken || this.#closed || !socket.writable) return free()
    let pending = false
    writeTogether(socket, parts, (error) => {
      if (error) this.#writeFailed(error.code === 'ECONNRESET')
      if (!pending) return
      free()
      burst.written(chunks.length)
      this.#written(undefined)
    })
    pending = socket.writableLength > 0
    if (!pending) return free()
    this.#pending += 1
    return false
  }

  burstSent(): void {
    if (this.#pending === 0 && !this.#socket.destroyed) this.#owner.portDrained(this.side)
  }

  #waits(bulk: Buffer | undefined): void {
    this.#pending += 1
    if (bulk !== undefined) this.#kit.bulk.keep(bulk)
  }

  #written(bulk: Buffer | undefined): void {
    this.#pending -= 1
    if (bulk !== undefined) this.#kit.bulk.written(bulk)
    // A socket that is being closed gives up its waiting writes: nobody has taken those bytes.
    if (this.#pending > 0 || this.#socket.destroyed) return
    if (this.#finished) this.#shutdown()
    this.#owner.portDrained(this.side)
  }

  /**
   * A client that cannot be written to is gone. An app may have answered before it closed the connection, so its answer
   * is read first. But the kernel reports a reset only once: a read after such a write sees an end, as if the peer had
   * sent a FIN.
   */
  #writeFailed(byReset: boolean): void {
    this.#broken = true
    if (byReset) this.#errno ??= 'ECONNRESET'
    if (this.side === 'client' || this.#ended) this.#socket.destroy()
  }

  #flush(): void {
    const { slab, burst } = this.#kit
    slab.flush()
    if (burst.holds(this)) burst.flush()
  }

  /** Half-closes after everything that was written. */
  fin(): void {
    this.#flush()
    if (this.#closed || this.#finished) return
    this.#finished = true
    if (this.#pending === 0) this.#shutdown()
  }

  #shutdown(): void {
    this.#shutting = true
    this.#socket.end(() => {
      this.#shutting = false
    })
  }

  /** Closes with RST, so that the peer cannot take a message for complete. Unix sockets have no RST. */
  reset(): void {
    this.#broken = true
    if (this.#closed) return
    if (this.#shutting || this.#isUnix) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  /**
   * Gives the connection up: delivers what was written, then closes. The owner hears nothing more. Returns true if that
   * is done already; otherwise `gone` is called once when it is.
   */
  depart(gone: () => void): boolean {
    this.#flush()
    if (!this.backlog || this.#broken || this.#closed) {
      this.abandon()
      return true
    }
    this.fin()
    this.#owner = {
      ...NOBODY,
      portDrained: () => {
        this.abandon()
        gone()
      },
      portClosed: gone,
    }
    this.pause(false)
    return false
  }

  /** Like `depart`, for what must not look complete. */
  cut(): void {
    this.#owner = NOBODY
    this.reset()
  }

  /**
   * Finds out whether a peer that is not being read from has reset the connection. libuv does not notice that without
   * reading, but a write of no bytes fails then (Linux, tcp_sendmsg). If so, the socket closes and `portClosed`
   * follows. After our FIN a write cannot tell; then only the native path can ask.
   */
  probe(): void {
    if (!this.#paused || this.#closed || this.#broken || this.#pending > 0) return
    const { writer } = this.#kit
    const handle = writer === undefined ? undefined : handleOf(this.#socket)
    if (writer === undefined || handle === undefined) {
      if (!this.#finished) this.#socket.write(NO_BYTES)
    } else if (this.#finished ? hasNoPeer(handle) : this.#cannotWrite(writer, handle))
      this.#socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  }

  #cannotWrite(writer: Writer, handle: Handle): boolean {
    const outcome = writer.write(handle, NO_BYTES)
    if (typeof outcome === 'number') return outcome !== 0
    outcome.oncomplete = () => undefined
    return false
  }

  destroy(): void {
    this.#broken = true
    if (!this.#closed) this.#socket.destroy()
  }

  /** Closes the connection; its owner hears nothing more. */
  abandon(): void {
    this.#owner = NOBODY
    this.destroy()
  }

  /** Stops or resumes reading. */
  pause(on: boolean): void {
    if (this.#paused === on || this.#closed) return
    this.#paused = on
    if (on) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Turns on TCP keep-alive, so that the kernel finds out whether a silent peer still exists. */
  watchPeer(): void {
    this.#socket.setKeepAlive(true, 30_000)
  }

  #readInto(): ReadInto {
    return {
      buffer: () => this.#buffer,
      callback: (count, bytes) => {
        this.#owner.portRead(this.side, bytes as Buffer, count)
        // Chooses the buffer for the next read; Node asks for it right after this.
        if (count === bytes.length || this.#buffer !== this.#kit.shared) this.#choose(count === bytes.length)
        return true
      },
    }
  }

  /** `filled`: the read filled the buffer. Unless the port is paused, libuv reads again at once. */
  #choose(filled: boolean): void {
    const { shared, bulk } = this.#kit
    const more = filled && !this.#paused
    if (more && bulk.holds(this.#buffer)) return
    bulk.giveBack(this.#buffer)
    this.#buffer = (more ? bulk.take() : undefined) ?? shared
  }

  /** Node offers no `onread` for accepted sockets: each read has memory of its own, which is written in place. */
  #readChunk(chunk: Buffer): void {
    const { bulk } = this.#kit
    if (chunk.length >= WORTH_NO_COPY) bulk.lend(chunk)
    this.#owner.portRead(this.side, chunk, chunk.length)
    bulk.giveBack(chunk)
  }

  #attach(socket: Socket): void {
    this.#socket = socket
    socket.on('error', (error) => {
      this.#errno = dialErrorCode(error)
    })
    socket.on('end', () => {
      this.#ended = true
      if (this.#errno === undefined) this.#owner.portEnded(this.side)
      else socket.destroy()
    })
    socket.on('close', () => {
      this.#closed = true
      this.#kit.bulk.giveBack(this.#buffer)
      this.#owner.portClosed(this.side, this.#errno)
    })
  }
}
