/**
 * One side's connection, as few verbs as a relay needs: Node's events come in here and nowhere else.
 *
 * Reads go into one buffer that all ports share, as the callback runs inside the read. A side that sends in bulk gets
 * a buffer of its own, which can be written from without a copy: it is read into again only when that write is done,
 * because reading pauses until then. Writes go straight to the handle where that is possible (native.ts).
 */

import { connect, type Socket } from 'node:net'
import type { Address } from '../config/config.ts'
import { adopt, type Handle, handleOf, isUnused, type ReadInto, type WriteRequest } from './native.ts'
import type { Slab, SlabWriter } from './slab.ts'

export type Side = 'client' | 'app'

export interface PortOwner {
  /** Bytes arrived: `bytes[0..count)`, valid only during the call. */
  portRead(side: Side, bytes: Buffer, count: number): void
  /** All that was written has been taken by the kernel. */
  portDrained(side: Side): void
  portOpen(side: Side): void
  /** The peer sends no more. */
  portEnded(side: Side): void
  /** The socket is closed, for whatever reason; nothing follows. `error` names the errno, if there was one. */
  portClosed(side: Side, error: string | undefined): void
}

/** What all ports share. */
export interface PortKit {
  readonly slab: Slab
  /** The read buffer of everybody who does not read in bulk. */
  readonly shared: Buffer
  /** The class of write requests; without it, sockets are written to in the ordinary way. */
  readonly writeRequest: (new () => WriteRequest) | undefined
  /** One that has not been used yet: a write that the kernel takes at once leaves it as it is. */
  spare: WriteRequest | undefined
  /** Whether sockets can be read by `onread`. */
  readonly onread: boolean
}

/** A read of at least this many bytes is the sign of a bulk transfer, and may be written without a copy. */
export const BULK = 16 * 1024
const BULK_BUFFER = 64 * 1024

const NOBODY: PortOwner = {
  portRead: () => undefined,
  portDrained: () => undefined,
  portOpen: () => undefined,
  portEnded: () => undefined,
  portClosed: () => undefined,
}

export class Port implements SlabWriter {
  readonly side: Side
  readonly #kit: PortKit
  #owner: PortOwner
  #socket!: Socket
  #bulk: Buffer | undefined
  #pending = 0
  #paused = false
  #broken = false
  /** Our FIN is on its way: saying so twice makes Node build an error, which costs more than the FIN. */
  #finished = false
  #closed = false

  constructor(side: Side, kit: PortKit, owner: PortOwner) {
    this.side = side
    this.#kit = kit
    this.#owner = owner
  }

  /** Takes over an accepted connection, as a handle. */
  adopt(handle: Handle): void {
    this.#attach(adopt(handle, this.#readInto()))
  }

  /** Takes over an accepted connection, as a socket (the fallback). */
  wrap(socket: Socket): void {
    this.#attach(socket)
    this.#listenToData()
  }

  /** Connects to the app; `portOpen` or `portClosed` follows. */
  dial(app: Address): void {
    const onread = this.#kit.onread ? { onread: this.#readInto() as never } : {}
    const socket =
      app.kind === 'unix'
        ? connect({ path: app.path, allowHalfOpen: true, ...onread })
        : connect({ host: app.host, port: app.port, allowHalfOpen: true, noDelay: true, ...onread })
    this.#attach(socket)
    if (!this.#kit.onread) this.#listenToData()
    socket.on('connect', () => this.#owner.portOpen(this.side))
  }

  /** Whether the kernel has not yet taken all that was written. */
  get backlog(): boolean {
    return this.#pending > 0
  }

  /** Whether the peer has never said anything. */
  get silent(): boolean {
    return this.#socket.bytesRead === 0
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? ''
  }

  /** The buffer that this port alone reads into, if it reads in bulk. */
  get bulk(): Buffer | undefined {
    return this.#bulk
  }

  /** Copies the bytes, to be sent with what else there is when the slab is flushed. */
  write(bytes: Buffer, start: number, end: number): void {
    if (!this.#broken) this.#kit.slab.add(this, bytes, start, end)
  }

  /** Sends the bytes without copying them; they must stay as they are while there is a backlog. */
  writeInPlace(bytes: Buffer, start: number, end: number): void {
    this.#kit.slab.flush()
    if (!this.#broken) this.send(bytes.subarray(start, end))
  }

  /** Writes now. For the slab, which knows when its bytes may be used again: true if the kernel took them all. */
  send(bytes: Uint8Array): boolean {
    const handle = this.#broken || this.#closed ? undefined : handleOf(this.#socket)
    if (handle === undefined) return true
    if (this.#kit.writeRequest === undefined) return this.#sendBySocket(bytes)
    const request = (this.#kit.spare ??= new this.#kit.writeRequest())
    const error = handle.writeBuffer(request, bytes)
    if (error !== 0) {
      this.#writeFailed()
      return true
    }
    if (isUnused(request)) return true // Taken at once: the request serves again.
    this.#kit.spare = undefined
    this.#pending += 1
    request.buffer = bytes
    request.oncomplete = (status) => {
      request.buffer = undefined
      this.#written(status < 0)
    }
    return false
  }

  #sendBySocket(bytes: Uint8Array): boolean {
    let pending = false
    this.#socket.write(bytes, (error) => {
      const failed = error !== undefined && error !== null
      if (pending) this.#written(failed)
      else if (failed) this.#writeFailed()
    })
    if (this.#socket.writableLength === 0) return true
    pending = true
    this.#pending += 1
    return false
  }

  #written(failed: boolean): void {
    this.#pending -= 1
    if (failed) this.#writeFailed()
    else if (this.#pending === 0 && !this.#closed) this.#owner.portDrained(this.side)
  }

  /** A client that cannot be written to is gone. An app may have answered before it hung up: that is read first. */
  #writeFailed(): void {
    this.#broken = true
    if (this.side === 'client') this.#socket.destroy()
  }

  /** Half-closes after what was written. */
  fin(): void {
    this.#kit.slab.flush()
    if (this.#closed || this.#finished) return
    this.#finished = true
    this.#socket.end()
  }

  /** Closes with RST: the peer cannot take what it has for complete. */
  reset(): void {
    this.#broken = true
    if (!this.#closed) this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#broken = true
    if (!this.#closed) this.#socket.destroy()
  }

  /** Closes it, and nothing that it still has to tell reaches its owner. */
  abandon(): void {
    this.#owner = NOBODY
    this.destroy()
  }

  /** Stops or goes on reading. */
  pause(on: boolean): void {
    if (this.#paused === on || this.#closed) return
    this.#paused = on
    if (on) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Has the kernel find out whether a silent peer still exists. */
  watchPeer(): void {
    this.#socket.setKeepAlive(true, 30_000)
  }

  #readInto(): ReadInto {
    return {
      buffer: () => this.#bulk ?? this.#kit.shared,
      callback: (count, bytes) => {
        this.#owner.portRead(this.side, bytes as Buffer, count)
        // For the next read, which the buffer function is asked about right after this.
        if (count >= BULK) this.#bulk ??= Buffer.allocUnsafeSlow(BULK_BUFFER)
        else if (this.#bulk !== undefined && !this.#paused) this.#bulk = undefined
        return true
      },
    }
  }

  #listenToData(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#owner.portRead(this.side, chunk, chunk.length))
  }

  #attach(socket: Socket): void {
    this.#socket = socket
    let errno: string | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => {
      errno = error.code ?? error.message
    })
    socket.on('end', () => this.#owner.portEnded(this.side))
    socket.on('close', () => {
      this.#closed = true
      this.#owner.portClosed(this.side, errno)
    })
  }
}
