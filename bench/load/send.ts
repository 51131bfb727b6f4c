/** A write that goes straight to the handle under a socket: the cheapest that Node can do, for bytes that nobody changes. */

import type { Socket } from 'node:net'
import { findWriter, handleOf } from '../../src/proxy/sockets/native.ts'

const writer = findWriter()

/** Sends the bytes. Returns why it could not, or undefined. */
export function sendNow(socket: Socket, bytes: Buffer): string | undefined {
  const handle = handleOf(socket)
  if (writer === undefined || handle === undefined) {
    socket.write(bytes)
    return undefined
  }
  const outcome = writer.write(handle, bytes)
  if (typeof outcome !== 'number') outcome.oncomplete = () => undefined
  else if (outcome !== 0) return `write failed: ${outcome}`
  return undefined
}
