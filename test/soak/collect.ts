/**
 * Has a program of Node collect its garbage, through its inspector, so that what is left of its heap is what it keeps. Its
 * line on stderr says where that is: it has to be started with INSPECTED.
 */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Program } from '../fixtures/program.ts'

export const INSPECTED = ['--inspect=127.0.0.1:0']
const WITHIN_MS = 10_000

/** Resolves when the collection is over, and the connection for it gone. */
export async function collectGarbage(program: Program): Promise<void> {
  const line = await program.line(/^Debugger listening on ws:/)
  const socket = new WebSocket(line.replace('Debugger listening on ', ''))
  const signal = AbortSignal.timeout(WITHIN_MS)
  await once(socket, 'open', { signal })
  const collected = once(socket, 'message', { signal })
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }))
  await collected
  const closed = once(socket, 'close', { signal })
  socket.close()
  await closed
}
