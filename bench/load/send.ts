/** A write that goes straight to the handle under a socket: the cheapest that Node can do, for bytes that nobody changes. */

import type { Socket } from 'node:net'
import { findWriteRequest, handleOf, isUnused, type WriteRequest } from '../../src/relay/native.ts'

const writeRequest = findWriteRequest()
let spare: WriteRequest | undefined

/** Sends the bytes. Returns why it could not, or undefined. */
export function sendNow(socket: Socket, bytes: Buffer): string | undefined {
  const handle = handleOf(socket)
  if (writeRequest === undefined || handle === undefined) {
    socket.write(bytes)
    return undefined
  }
  spare ??= new writeRequest()
  const error = handle.writeBuffer(spare, bytes)
  if (error === 0 && isUnused(spare)) return undefined
  if (error !== 0) return `write failed: ${error}`
  spare.oncomplete = () => undefined
  spare.buffer = bytes
  spare = undefined
  return undefined
}
