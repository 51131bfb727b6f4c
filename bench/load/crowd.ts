/** Connections that are held while something else is measured: silent, used once, or sending a head without end. */

import { Exchange, type ExchangeOwner, getRequest } from './exchange.ts'
import type { Reply, Task } from './messages.ts'

const AT_A_TIME = 100
const DRIP_MS = 500
const GATHER_WITHIN_MS = 30_000

export class Crowd {
  readonly #members = new Set<Exchange>()
  #dripping: NodeJS.Timeout | undefined
  #lost = 0

  /** Opens the connections; answers when each has done what its manner asks for. */
  async gather(task: Extract<Task, { kind: 'gather' }>): Promise<Reply> {
    const request = getRequest('/s')
    this.#lost = 0
    let wanted = task.connections
    let ready = 0
    const all = Promise.withResolvers<void>()
    const next = (): void => {
      if (wanted === 0) return
      wanted -= 1
      this.#members.add(new Exchange(task.port, owner))
    }
    const done = (): void => {
      ready += 1
      if (ready === task.connections) all.resolve()
      next()
    }
    const owner: ExchangeOwner = {
      opened(exchange) {
        if (task.manner === 'silent') return done()
        if (task.manner === 'used') return exchange.send(request)
        exchange.send(Buffer.from('GET / HTTP/1.1\r\nHost: app.example\r\nX-Slow: '))
        done()
      },
      answered: done,
      broken: (exchange) => {
        this.#members.delete(exchange)
        this.#lost += 1
        done()
      },
    }
    for (let count = 0; count < AT_A_TIME; count += 1) next()
    const impatience = setTimeout(() => all.resolve(), GATHER_WITHIN_MS)
    await all.promise
    clearTimeout(impatience)
    if (task.manner === 'slow') this.#dripping = setInterval(() => this.#drip(), DRIP_MS)
    return { kind: 'gathered', open: this.#members.size, lost: this.#lost }
  }

  /** Closes all; says how many there still were. */
  disperse(): Reply {
    clearInterval(this.#dripping)
    const open = this.#members.size
    for (const member of this.#members) member.close()
    this.#members.clear()
    return { kind: 'gathered', open, lost: this.#lost }
  }

  #drip(): void {
    const drop = Buffer.from('a')
    for (const member of this.#members) member.send(drop)
  }
}
