/** The listener as the lifecycle orders it: in order, one order at a time, and again until it is open. */
import tap from 'tap'
import type { Served } from '../../src/proxy/config/config.ts'
import { Listeners } from '../../src/proxy/listeners.ts'
import { HandClock } from '../fixtures/clock.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const LISTEN = { host: undefined, port: 8080 }
const SERVED: Served = {
  listen: LISTEN,
  app: { kind: 'tcp', host: '127.0.0.1', port: 3000 },
  protocol: 'auto',
}

function rig() {
  const did: string[] = []
  const clock = new HandClock()
  const closing: (() => void)[] = []
  const relay = {
    taken: 0,
    listen() {
      if (relay.taken > 0) {
        relay.taken -= 1
        did.push('taken')
        return Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE' }))
      }
      did.push('open')
      return Promise.resolve([LISTEN])
    },
    async closeListeners(wanted: () => boolean) {
      did.push('closing')
      await new Promise<void>((resolve) => void closing.push(resolve))
      did.push(wanted() ? 'closed' : 'kept')
      return wanted()
    },
  }
  const lines: string[] = []
  const log = { error: (line: string) => void lines.push(line) }
  const listeners = new Listeners({ ports: [SERVED], relay, clock, log })
  return { listeners, relay, clock, did, lines, closed: () => closing.shift()?.() }
}

void tap.test('closing takes its time; taken back before that is over, nothing is closed', async (t) => {
  const { listeners, did, closed } = rig()
  t.same(await listeners.first(), [LISTEN])
  t.ok(listeners.isOpen)
  listeners.close()
  listeners.open()
  await turn()
  t.same(did, ['open', 'closing'])
  closed()
  await listeners.settled
  t.same(did, ['open', 'closing', 'kept'])
  t.ok(listeners.isOpen)
})

void tap.test('closed, and opened again', async (t) => {
  const { listeners, did, closed } = rig()
  await listeners.first()
  listeners.close()
  await turn()
  closed()
  await turn()
  t.notOk(listeners.isOpen)
  listeners.open()
  await listeners.settled
  t.same(did, ['open', 'closing', 'closed', 'open'])
  t.ok(listeners.isOpen)
})

void tap.test('a port that another program has taken meanwhile is tried again every second', async (t) => {
  const { listeners, relay, clock, did, lines, closed } = rig()
  await listeners.first()
  listeners.close()
  await turn()
  closed()
  await turn()
  relay.taken = 2
  listeners.open()
  await listeners.settled
  t.notOk(listeners.isOpen)
  clock.advance(1000)
  await listeners.settled
  t.notOk(listeners.isOpen)
  clock.advance(1000)
  await listeners.settled
  t.ok(listeners.isOpen)
  t.same(did.slice(-3), ['taken', 'taken', 'open'])
  t.match(lines, [/^--listen: port 8080 is taken/, /^--listen: port 8080 is taken/])
})

void tap.test('who closes meanwhile is not overtaken by another try', async (t) => {
  const { listeners, relay, clock, did, closed } = rig()
  await listeners.first()
  listeners.close()
  await turn()
  closed()
  await turn()
  relay.taken = 1
  listeners.open()
  await listeners.settled
  listeners.close()
  await turn()
  closed()
  clock.advance(60_000)
  await listeners.settled
  t.notOk(listeners.isOpen)
  t.equal(did.filter((what) => what === 'open').length, 1)
})

void tap.test('an order to close that comes before the first opening is carried out after it', async (t) => {
  const { listeners, did, closed } = rig()
  listeners.close()
  await turn()
  closed()
  await listeners.settled
  await listeners.first()
  await turn()
  closed()
  await listeners.settled
  t.equal(did.at(-1), 'closed')
  t.notOk(listeners.isOpen)
})
