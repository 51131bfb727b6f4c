/**
 * The only place that uses what Node does not document: the handle under a socket. It serves two purposes, which save CPU
 * time for each request (bench/README.md): accepted connections read into a buffer of our choice, as `onread` allows for
 * dialled ones, and a write tells at once whether the kernel took all of it. proof.ts tries all of this at start-up; if
 * it does not work, the relay uses documented APIs only.
 */

import { type Server, Socket } from 'node:net'

/** A write that the kernel did not take at once. */
export interface WriteRequest {
  /** `status`: 0 or a negative errno. */
  oncomplete: (status: number) => void
  /** Keeps the bytes alive while the kernel has not taken them. */
  buffer: Uint8Array | undefined
}

/** How bytes are written to a handle; this depends on the release of Node. */
export interface Writer {
  /**
   * Returns 0 if the kernel took everything, a negative errno if the write failed, or a request that reports when it is
   * done.
   */
  write(handle: Handle, bytes: Uint8Array): number | WriteRequest
  /** Forgets what was learned from earlier writes. */
  forget(): void
}

export interface Handle {
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest
  setNoDelay(on: boolean): void
  getpeername?(out: object): number
}

interface Listening {
  onconnection: (status: number, client: Handle | undefined) => void
}

/** Whether the connection was reset although nobody has read from it: such a socket has no peer (ENOTCONN). */
export function hasNoPeer(handle: Handle): boolean {
  return (handle.getpeername?.({}) ?? 0) !== 0
}

/** The handle under a socket, or undefined once it is closed. */
export function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined
}

/**
 * Finds the way to write by letting a socket write to a fake handle that only records the call; undefined if it is
 * unknown.
 */
export function findWriter(): Writer | undefined {
  let found: Writer | undefined
  const looking = {
    writeBuffer(request: AskedRequest | null): number {
      found =
        request === null
          ? new TellingWriter()
          : new AskingWriter(request.constructor as new () => AskedRequest)
      return 0
    },
    getAsyncId: () => 0,
    readStart: () => 0,
    readStop: () => 0,
    close: () => undefined,
    useUserBuffer: () => undefined,
  }
  try {
    const socket = new Socket({ handle: looking, manualStart: true } as never)
    socket.on('error', () => undefined)
    socket.write(Buffer.of(0))
    return found
  } catch {
    return undefined
  }
}

/** A request that its writer makes. */
export interface AskedRequest extends WriteRequest {
  /** -1 until the request is used for a write that has to wait. */
  getAsyncId(): number
}

/**
 * Up to Node 25, the caller passes a request to each write, and only its async id tells whether it was used. The length
 * of the write queue does not tell: a write that had to wait for a moment may leave the queue empty and still report
 * later. A request that was not used serves the next write.
 */
export class AskingWriter implements Writer {
  readonly #class: new () => AskedRequest
  readonly #isUnused: (request: AskedRequest) => boolean
  #spare: AskedRequest | undefined

  constructor(requestClass: new () => AskedRequest, isUnused = hasNoAsyncId) {
    this.#class = requestClass
    this.#isUnused = isUnused
  }

  write(handle: Handle, bytes: Uint8Array): number | WriteRequest {
    const request = (this.#spare ??= new this.#class())
    const error = handle.writeBuffer(request, bytes) as number
    if (error !== 0 || this.#isUnused(request)) return error
    this.#spare = undefined
    request.buffer = bytes
    return request
  }

  forget(): void {
    this.#spare = undefined
  }
}

function hasNoAsyncId(request: AskedRequest): boolean {
  return request.getAsyncId() === -1
}

/** From Node 26 on, a write returns 0, an error, or the request that will report. */
class TellingWriter implements Writer {
  write(handle: Handle, bytes: Uint8Array): number | WriteRequest {
    const outcome = handle.writeBuffer(null, bytes)
    if (typeof outcome !== 'number') outcome.buffer = bytes
    return outcome
  }

  forget(): void {}
}

/** Whether a listening server gives out connections as handles. */
export function canTakeHandles(server: Server): boolean {
  const handle = (server as unknown as { _handle: Listening | null })._handle
  return typeof handle?.onconnection === 'function'
}

/** Makes a listening server pass each new connection to `accept` as a handle. */
export function takeHandles(server: Server, accept: (handle: Handle) => void, failed: () => void): void {
  const handle = (server as unknown as { _handle: Listening })._handle
  handle.onconnection = (status, client) => {
    if (status === 0 && client !== undefined) accept(client)
    else failed()
  }
}

export interface ReadInto {
  buffer(): Uint8Array
  callback(count: number, bytes: Uint8Array): boolean
}

/** Returns a socket around an accepted handle that reads into a buffer of the caller's choice. */
export function adopt(handle: Handle, onread: ReadInto): Socket {
  handle.setNoDelay(true)
  return new Socket({ handle, onread, allowHalfOpen: true, readable: true, writable: true } as never)
}

/** Everything that depends on what Node does not document; tests can pass others to the trial. */
export interface NativeWays {
  readonly findWriter: typeof findWriter
  readonly canTakeHandles: typeof canTakeHandles
  readonly takeHandles: typeof takeHandles
  readonly adopt: typeof adopt
}

export const NODE: NativeWays = { findWriter, canTakeHandles, takeHandles, adopt }
