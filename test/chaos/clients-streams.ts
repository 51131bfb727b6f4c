/** The clients of the chaos that stay for long: readers of event streams, and those of an echo over plain TCP. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Stage } from './clients.ts'
import { show } from './ledger.ts'
import { type Head, MessageReader } from './messages.ts'
import { matches, piece } from './pattern.ts'
import { headOf, randomPlan } from './plan.ts'
import { reset } from './reset.ts'
import { eventOf } from './streams.ts'

const PATIENCE_MS = 12_000
const EVENTS = [1, 10, 100] as const
const ECHOED = [0, 1, 1000, 100_000, 1_000_000] as const

/**
 * Reads a stream of events until it ends, or goes in the middle. A GET's stream may end early, but behind a whole event
 * only; a POST's may not.
 */
const eventStream: Client = async ({ place, ledger, random }) => {
  const { epoch } = ledger
  const plan = randomPlan(random, {
    method: random.pick(['GET', 'POST']),
    up: 0,
    chunkedUp: false,
    framing: 'chunked',
    conduct: 'events',
    down: random.pick(EVENTS),
  })
  const leaves = random.chance(20)
  const socket = connect({ ...place, noDelay: true })
  let text = ''
  let events = 0
  let refused = 0
  const ended = Promise.withResolvers<'whole' | 'cut'>()
  const reader = new MessageReader({
    head(head: Head) {
      const status = Number(head.first.split(' ')[1])
      if (head.fields['proxy-status'] !== undefined) refused = status
      else if (head.fields['x-id'] !== String(plan.id))
        ledger.breach(`event stream: the answer of ${head.fields['x-id']}`)
      return 'fields'
    },
    body(bytes) {
      if (refused !== 0) return
      text += bytes.toString('latin1')
      for (let next = eventOf(plan, events); text.startsWith(next); next = eventOf(plan, events)) {
        text = text.slice(next.length)
        events += 1
      }
      if (!eventOf(plan, events).startsWith(text)) ledger.breach(`event stream: other bytes: ${show(plan)}`)
    },
    complete: () => ended.resolve('whole'),
  })
  socket.on('data', (bytes: Buffer) => {
    try {
      reader.feed(bytes)
    } catch (error) {
      ledger.breach(`event stream: what is no answer: ${String(error)}`)
    }
  })
  socket.on('error', () => undefined)
  socket.on('close', () => ended.resolve('cut'))
  socket.write(headOf(plan))
  const timer = setTimeout(() => {
    if (!ledger.excuses) ledger.breach(`event stream: no end: ${show(plan)}`)
    socket.destroy()
  }, PATIENCE_MS)
  if (leaves) {
    await sleep(random.below(300))
    reset(socket)
  }
  const how = await ended.promise
  clearTimeout(timer)
  socket.destroy()
  if (how === 'whole' && refused === 0 && text !== '')
    ledger.breach(`event stream: ends behind ${JSON.stringify(text)}: ${show(plan)}`)
  if (how === 'whole' && refused === 0 && events < plan.down) {
    ledger.count('event streams that ended early')
    if (plan.method !== 'GET')
      ledger.breach(`event stream: ${events} of ${plan.down} events, as if that were all: ${show(plan)}`)
  }
  const entitled = !leaves && ledger.epoch === epoch
  if (refused !== 0) ledger.ended(plan, { kind: 'refused', status: refused }, entitled, 'event stream')
  else ledger.ended(plan, how === 'whole' ? { kind: how } : { kind: how, how }, entitled, 'event stream')
}

let echoes = 0

/** Sends bytes to the echo of the second port and wants them back, all, and then its end; or is gone in the middle. */
export const echo: Client = async ({ echo: place, ledger, random }: Stage) => {
  if (place === undefined) throw new Error('no second port')
  const { epoch } = ledger
  const id = (echoes += 1)
  const wanted = random.pick(ECHOED)
  const leaves = random.chance(20)
  const socket = connect({ ...place, noDelay: true, allowHalfOpen: true })
  let received = 0
  let clean = false
  socket.on('data', (bytes: Buffer) => {
    if (!matches(id, received, bytes)) ledger.breach(`echo: other bytes from ${received} on`)
    received += bytes.length
  })
  socket.on('end', () => (clean = true))
  socket.on('error', () => undefined)
  const timer = setTimeout(() => {
    if (!ledger.excuses) ledger.breach(`echo: ${received} of ${wanted} bytes, and no end`)
    socket.destroy()
  }, PATIENCE_MS)
  const closed = once(socket, 'close').catch(() => undefined)
  for (let at = 0; at < wanted && !socket.destroyed;) {
    const part = piece(id, at, Math.min(wanted - at, 1 + random.below(60_000)))
    at += part.length
    if (!socket.write(part)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
    if (random.chance(20)) await sleep(random.below(10))
    if (leaves && random.chance(30)) break
  }
  if (leaves) reset(socket)
  else if (!socket.destroyed) socket.end()
  await closed
  clearTimeout(timer)
  const whole = clean && received === wanted
  ledger.count(`echo ${whole ? 'whole' : 'cut'}`)
  if (!whole && !leaves && !ledger.excuses && ledger.epoch === epoch)
    ledger.breach(`echo: ${received} of ${wanted} bytes, ${clean ? 'ended' : 'cut'}`)
}

export const STREAM_CLIENTS: Readonly<Record<string, Client>> = { eventStream }
