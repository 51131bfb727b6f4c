/**
 * Open loop: requests are due at a fixed rate, and each is timed from when it was due, not from when it could be sent, so
 * that a stall is seen by all requests that it held up (no coordinated omission).
 */

import { build } from 'hdr-histogram-js'
import { Exchange, type ExchangeOwner, getRequest } from './exchange.ts'
import { type Measured, PERCENTILES, type Task } from './messages.ts'
import { metronome } from './metronome.ts'
import { measure, Tally } from './tally.ts'

const FINEST_MS = 0.2
/** A thread takes some time to start. Ticks are due when requests are: else their distance would be measured too. */
const METRONOME_STARTS_MS = 100
const OPEN_WITHIN_MS = 3000
/** More than this is a peer that does not keep up: the rest would only measure how long one waited. */
const MOST_WAITING = 20_000

export async function open(task: Extract<Task, { kind: 'open' }>): Promise<Measured> {
  const request = getRequest(task.path)
  const tally = new Tally()
  const latency = histogram()
  const lateness = histogram()
  const free: Exchange[] = []
  const waiting: number[] = []
  const exchanges = new Set<Exchange>()
  const allOpen = Promise.withResolvers<void>()
  let over = false

  const send = (exchange: Exchange, dueAt: number): void => {
    exchange.dueAt = dueAt
    exchange.send(request)
  }
  const release = (exchange: Exchange): void => {
    const dueAt = waiting.shift()
    if (dueAt === undefined) free.push(exchange)
    else send(exchange, dueAt)
  }
  const owner: ExchangeOwner = {
    opened(exchange) {
      release(exchange)
      if (free.length === task.connections) allOpen.resolve()
    },
    answered(exchange) {
      if (tally.measuring) latency.recordValue(Math.round((performance.now() - exchange.dueAt) * 1000))
      tally.requests += 1
      release(exchange)
    },
    broken(exchange, why) {
      tally.failed(why)
      exchanges.delete(exchange)
      if (!over) setTimeout(() => over || exchanges.add(new Exchange(task.port, owner)), 20)
    },
  }
  for (let count = 0; count < task.connections; count += 1) exchanges.add(new Exchange(task.port, owner))
  const impatience = setTimeout(() => allOpen.resolve(), OPEN_WITHIN_MS)
  await allOpen.promise
  clearTimeout(impatience)

  const everyMs = 1000 / task.perSecond
  let dueAt = performance.now() + METRONOME_STARTS_MS
  const stop = metronome(dueAt, Math.max(everyMs, FINEST_MS), () => {
    const now = performance.now()
    for (; dueAt <= now; dueAt += everyMs) {
      if (tally.measuring) lateness.recordValue(Math.round((now - dueAt) * 1000))
      const exchange = free.shift()
      if (exchange !== undefined) send(exchange, dueAt)
      else if (waiting.length < MOST_WAITING) waiting.push(dueAt)
      else tally.failed('does not keep up')
    }
  })
  const measured = await measure(task, tally)
  stop()
  over = true
  for (const exchange of exchanges) exchange.close()
  return {
    ...measured,
    latencyUs: PERCENTILES.map((at) => latency.getValueAtPercentile(at)),
    lateUs: lateness.getValueAtPercentile(99),
  }
}

function histogram() {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
}
