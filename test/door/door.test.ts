/** The listener as the lifecycle orders it: in order, one order at a time, and again until it is open. */
import tap from 'tap'
import type { Served } from '../../src/proxy/config/config.ts'
import { Door } from '../../src/proxy/door.ts'
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
  const door = new Door({ ports: [SERVED], relay, clock, log })
  return { door, relay, clock, did, lines, closed: () => closing.shift()?.() }
}

void tap.test('closing takes its time; taken back before that is over, nothing is closed', async (t) => {
  const { door, did, closed } = rig()
  t.same(await door.first(), [LISTEN])
  t.ok(door.isOpen)
  door.close()
  door.open()
  await turn()
  t.same(did, ['open', 'closing'])
  closed()
  await door.settled
  t.same(did, ['open', 'closing', 'kept'])
  t.ok(door.isOpen)
})

void tap.test('closed, and opened again', async (t) => {
  const { door, did, closed } = rig()
  await door.first()
  door.close()
  await turn()
  closed()
  await turn()
  t.notOk(door.isOpen)
  door.open()
  await door.settled
  t.same(did, ['open', 'closing', 'closed', 'open'])
  t.ok(door.isOpen)
})

void tap.test('a port that another program has taken meanwhile is tried again every second', async (t) => {
  const { door, relay, clock, did, lines, closed } = rig()
  await door.first()
  door.close()
  await turn()
  closed()
  await turn()
  relay.taken = 2
  door.open()
  await door.settled
  t.notOk(door.isOpen)
  clock.advance(1000)
  await door.settled
  t.notOk(door.isOpen)
  clock.advance(1000)
  await door.settled
  t.ok(door.isOpen)
  t.same(did.slice(-3), ['taken', 'taken', 'open'])
  t.match(lines, [/^--listen: port 8080 is taken/, /^--listen: port 8080 is taken/])
})

void tap.test('who closes meanwhile is not overtaken by another try', async (t) => {
  const { door, relay, clock, did, closed } = rig()
  await door.first()
  door.close()
  await turn()
  closed()
  await turn()
  relay.taken = 1
  door.open()
  await door.settled
  door.close()
  await turn()
  closed()
  clock.advance(60_000)
  await door.settled
  t.notOk(door.isOpen)
  t.equal(did.filter((what) => what === 'open').length, 1)
})

void tap.test('an order to close that comes before the first opening is carried out after it', async (t) => {
  const { door, did, closed } = rig()
  door.close()
  await turn()
  closed()
  await door.settled
  await door.first()
  await turn()
  closed()
  await door.settled
  t.equal(did.at(-1), 'closed')
  t.notOk(door.isOpen)
})
