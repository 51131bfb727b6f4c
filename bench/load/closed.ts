/**
 * Closed loop: each connection sends its next request as soon as it has the answer to the last one. For cost and
 * throughput; never for latency, as a stall holds back the very requests that would have seen it.
 */

import { Exchange, type ExchangeOwner, getRequest } from './exchange.ts'
import type { Measured, Task } from './messages.ts'
import { measure, Tally } from './tally.ts'

/** Connections are opened so many at a time: a listener's queue is no part of this. */
const OPENING = 64

export async function closed(task: Extract<Task, { kind: 'closed' | 'download' }>): Promise<Measured> {
  const request = getRequest(task.kind === 'closed' ? task.path : `/d/${task.bytes}`)
  const tally = new Tally()
  const exchanges = new Set<Exchange>()
  let over = false
  let wanted = task.connections
  const open = (): void => {
    wanted -= 1
    exchanges.add(new Exchange(task.port, owner))
  }
  const owner: ExchangeOwner = {
    opened(exchange) {
      if (wanted > 0) open()
      exchange.send(request)
    },
    answered(exchange) {
      tally.requests += 1
      exchange.send(request)
    },
    broken(exchange, why) {
      tally.failed(why)
      exchanges.delete(exchange)
      // Not at once: a peer that refuses everybody must not keep this loop spinning.
      if (!over) setTimeout(() => over || exchanges.add(new Exchange(task.port, owner)), 20)
    },
  }
  for (let count = Math.min(OPENING, task.connections); count > 0; count -= 1) open()
  const received = (): number => [...exchanges].reduce((sum, { received: bytes }) => sum + bytes, 0)
  const measured = await measure(task, tally, received)
  over = true
  for (const exchange of exchanges) exchange.close()
  return { ...measured, latencyUs: [], lateUs: 0 }
}
