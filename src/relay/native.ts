/**
 * The one place that touches what Node does not document: the handle under a socket. It buys two things, at a third of
 * the CPU per request (bench/README.md): accepted connections read into a buffer of our choice, as `onread` offers for
 * dialled ones, and a write that tells at once whether the kernel took all of it. What is needed is checked at
 * start-up; where it is missing the relay uses ordinary sockets and their 'data' events instead.
 */

import { type Server, Socket } from 'node:net'

/** What a write leaves behind until it is complete; made by the class that Node itself uses. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void
  /** -1 until the request is used for a write that has to wait. */
  getAsyncId(): number
  /** Keeps the bytes alive while the kernel has not taken them. */
  buffer: Uint8Array | undefined
}

export interface Handle {
  /** 0, or a negative errno. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  setNoDelay(on: boolean): void
}

interface Listening {
  onconnection: (status: number, client: Handle | undefined) => void
}

/** The handle under a socket, or undefined once it is closed. */
export function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined
}

/** The class of write requests, found by letting a socket write to a handle that only looks; undefined if it cannot. */
export function findWriteRequest(): (new () => WriteRequest) | undefined {
  let found: (new () => WriteRequest) | undefined
  const looking = {
    writeBuffer(request: WriteRequest): number {
      found = request.constructor as new () => WriteRequest
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
    return found !== undefined && isUnused(new found()) ? found : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether the kernel took all that was written with this request, which then was not needed. The length of the write
 * queue does not tell: a write that had to wait for a moment may leave it empty and still report later.
 */
export function isUnused(request: WriteRequest): boolean {
  return request.getAsyncId() === -1
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
