/**
 * Connections of the load generator that stay and talk: as many as the task wants, opened anew when they break, counted in
 * a tally. What is said on them is their `Talker`'s business: WebSocket and HTTP/2.
 */

import { connect, type Socket } from 'node:net'
import type { Measured, TimedTask } from './messages.ts'
import { sendNow } from './send.ts'
import { measure, Tally } from './tally.ts'

/** One side of a conversation. Answers are bytes to send; a string is why the connection is of no use any more. */
export interface Talker {
  opened(): Buffer
  read(bytes: Buffer): Buffer | string | undefined
}

const READ = Buffer.allocUnsafeSlow(256 * 1024)
/** A peer that refuses everybody must not keep the loop spinning. */
const AGAIN_MS = 20

/** Has `task.connections` talkers talk, and measures. `answered` is what a talker calls for each answer. */
export async function talk(task: TimedTask, talker: (answered: () => void) => Talker): Promise<Measured> {
  const tally = new Tally()
  const sockets = new Set<Socket>()
  let over = false
  const answered = (): void => {
    tally.requests += 1
  }
  const open = (): void => {
    const one = talker(answered)
    const broke = (why: string): void => {
      if (!sockets.delete(socket) || over) return
      socket.destroy()
      tally.failed(why)
      setTimeout(() => over || open(), AGAIN_MS)
    }
    const say = (answer: Buffer | string | undefined): void => {
      if (answer === undefined) return
      const failed = typeof answer === 'string' ? answer : sendNow(socket, answer)
      if (failed !== undefined) broke(failed)
    }
    const onread = {
      buffer: READ,
      callback(count: number, bytes: Uint8Array): boolean {
        tally.bytes += count
        say(one.read((bytes as Buffer).subarray(0, count)))
        return true
      },
    }
    const socket = connect({ host: '127.0.0.1', port: task.port, noDelay: true, onread })
    sockets.add(socket)
    socket.on('connect', () => say(one.opened()))
    socket.on('error', (error) => broke(error.message))
    socket.on('close', () => broke('closed'))
  }
  for (let count = 0; count < task.connections; count += 1) open()
  const measured = await measure(task, tally)
  over = true
  for (const socket of sockets) socket.destroy()
  return { ...measured, latencyUs: [], lateUs: 0 }
}
