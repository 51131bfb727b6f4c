/** What flows for long: streams of events over HTTP/1.1, and an echo over plain TCP; the app's side of each. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../fixtures/listener.ts'
import type { Owner } from '../fixtures/program.ts'
import type { Random } from '../fuzz/random.ts'
import type { Plan } from './plan.ts'

/** Event `index` of a stream; no two streams have one in common. */
export function eventOf({ id }: Plan, index: number): string {
  return `id: ${index}\ndata: event ${index} of ${id}\n\n`
}

/** Answers with `plan.down` events, some of them in two chunks, until they are all said or nobody is there. */
export async function streamEvents(socket: Socket, plan: Plan, random: Random): Promise<void> {
  socket.on('end', () => socket.end())
  socket.write(
    `HTTP/1.1 200 OK\r\nX-Id: ${plan.id}\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  for (let index = 0; index < plan.down && socket.writable; index += 1) {
    const event = eventOf(plan, index)
    const cut = random.chance(30) ? 1 + random.below(event.length - 1) : event.length
    socket.write(chunk(event.slice(0, cut)))
    if (cut < event.length) {
      if (random.chance(30)) await sleep(random.below(5))
      socket.write(chunk(event.slice(cut)))
    }
    await sleep(random.below(10))
  }
  if (!socket.writable) return
  socket.end('0\r\n\r\n')
  await once(socket, 'close').catch(() => undefined)
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

/** Says again what it hears. Returns its port. */
export async function startEcho(t: Owner): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  return (await listen(t, server)).port
}
