/** Uploads of a given size, one after the other on each connection, as fast as the peer takes them. */

import { Exchange, type ExchangeOwner } from './exchange.ts'
import type { Measured, Task } from './messages.ts'
import { measure, Tally } from './tally.ts'

const PIECE = Buffer.alloc(128 * 1024, 'u')

export async function upload(task: Extract<Task, { kind: 'upload' }>): Promise<Measured> {
  const lines = ['POST /upload HTTP/1.1', 'Host: app.example:8080', `Content-Length: ${task.bytes}`]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  const tally = new Tally()
  const exchanges = new Set<Exchange>()
  let over = false
  const begin = (exchange: Exchange): void => {
    exchange.send(head)
    let left = task.bytes
    const go = (): void => {
      while (left > 0 && exchanges.has(exchange)) {
        const take = Math.min(left, PIECE.length)
        left -= take
        tally.bytes += take
        if (!exchange.sendBody(take === PIECE.length ? PIECE : PIECE.subarray(0, take), go)) return
      }
    }
    go()
  }
  const owner: ExchangeOwner = {
    opened: begin,
    answered(exchange) {
      tally.requests += 1
      if (!over) begin(exchange)
    },
    broken(exchange, why) {
      tally.failed(why)
      exchanges.delete(exchange)
      if (!over) setTimeout(() => over || exchanges.add(new Exchange(task.port, owner)), 20)
    },
  }
  for (let count = 0; count < task.connections; count += 1) exchanges.add(new Exchange(task.port, owner))
  const measured = await measure(task, tally)
  over = true
  for (const exchange of exchanges) exchange.close()
  exchanges.clear()
  return { ...measured, latencyUs: [], lateUs: 0 }
}
