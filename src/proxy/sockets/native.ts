/**
 * The one place that touches what Node does not document: the handle under a socket. It buys two things, at a third of
 * the CPU per request (bench/README.md): accepted connections read into a buffer of our choice, as `onread` offers for
 * dialled ones, and a write that tells at once whether the kernel took all of it. All of it is tried at
 * start-up (proof.ts); where it does not work the relay uses documented APIs only.
 */

import { type Server, Socket } from 'node:net'

/** A write that the kernel did not take at once, until it is done. */
export interface WriteRequest {
  /** `status`: 0 or a negative errno. */
  oncomplete: (status: number) => void
  /** Keeps the bytes alive while the kernel has not taken them. */
  buffer: Uint8Array | undefined
}

/** How bytes are written to a handle, which depends on the release of Node. */
export interface Writer {
  /** 0: the kernel took all of it. A negative errno: it failed. A request: it will be done later, and says so. */
  write(handle: Handle, bytes: Uint8Array): number | WriteRequest
  /** Whatever was learned from the writes so far is not trusted. */
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

/** Whether the connection is gone although nobody has read that: a socket that was reset has no peer (ENOTCONN). */
export function hasNoPeer(handle: Handle): boolean {
  return (handle.getpeername?.({}) ?? 0) !== 0
}

/** The handle under a socket, or undefined once it is closed. */
export function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined
}

/** The way to write, found by letting a socket write to a handle that only looks; undefined if it is unknown. */
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

/** A request is made by its writer. */
export interface AskedRequest extends WriteRequest {
  /** -1 until the request is used for a write that has to wait. */
  getAsyncId(): number
}

/**
 * Up to Node 25, each write is given a request, and only its async id tells whether it was needed: the length of the
 * write queue does not, as a write that had to wait for a moment may leave it empty and still report later. A request
 * that was not needed serves again.
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

/** From Node 26 on, a write says 0, an error, or gives the request that will report. */
class TellingWriter implements Writer {
  write(handle: Handle, bytes: Uint8Array): number | WriteRequest {
    const outcome = handle.writeBuffer(null, bytes)
    if (typeof outcome !== 'number') outcome.buffer = bytes
    return outcome
  }

  forget(): void {}
}

/** Whether a listening server gives out its connections as handles. */
export function canTakeHandles(server: Server): boolean {
  const handle = (server as unknown as { _handle: Listening | null })._handle
  return typeof handle?.onconnection === 'function'
}

/** Has a listening server give each new connection to `accept`, as a handle. */
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

/** A socket around an accepted handle that reads into a buffer of the caller's choice. */
export function adopt(handle: Handle, onread: ReadInto): Socket {
  handle.setNoDelay(true)
  return new Socket({ handle, onread, allowHalfOpen: true, readable: true, writable: true } as never)
}

/** All that depends on what Node does not document; a trial may be given others. */
export interface NativeWays {
  readonly findWriter: typeof findWriter
  readonly canTakeHandles: typeof canTakeHandles
  readonly takeHandles: typeof takeHandles
  readonly adopt: typeof adopt
}

export const NODE: NativeWays = { findWriter, canTakeHandles, takeHandles, adopt }
