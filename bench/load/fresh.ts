/** A new connection for each request: opened, one request, its answer, closed by the client. So many at a time. */

import { type ExchangeOwner, getRequest, open } from './exchange.ts'
import type { Measured, Task } from './messages.ts'
import { measure, Tally } from './tally.ts'

export async function fresh(task: Extract<Task, { kind: 'fresh' }>): Promise<Measured> {
  const request = getRequest(task.path)
  const tally = new Tally()
  let over = false
  const next = (): void => {
    if (!over) open(task.port, owner)
  }
  const owner: ExchangeOwner = {
    opened: (exchange) => exchange.send(request),
    answered(exchange) {
      tally.requests += 1
      exchange.close()
      next()
    },
    broken(_, why) {
      tally.failed(why)
      setTimeout(next, 20)
    },
  }
  for (let count = 0; count < task.connections; count += 1) next()
  const measured = await measure(task, tally)
  over = true
  return { ...measured, latencyUs: [], lateUs: 0 }
}
