/** Who may knock at an app that is away, how often, and how long anybody waits: DESIGN §2, "The app may be away". */
import tap from 'tap'
import type { AppFault } from '../../src/protocol/http1/answer.ts'
import { Dialer, type Dialing } from '../../src/proxy/relay/dialer.ts'
import { HandClock } from '../fixtures/clock.ts'

const WAIT_MS = 5000

class Client implements Dialing {
  connects = 0
  fault: AppFault | undefined
  connect(): void {
    this.connects += 1
  }
  appUnavailable(fault: AppFault): void {
    this.fault = fault
  }
}

function setting(clients: number): { clock: HandClock; dialer: Dialer; crowd: Client[] } {
  const clock = new HandClock()
  return {
    clock,
    dialer: new Dialer(clock, WAIT_MS),
    crowd: Array.from({ length: clients }, () => new Client()),
  }
}

void tap.test(
  'of a thousand requests that wait for the app, only one at a time tries to connect',
  async (t) => {
    const { clock, dialer, crowd } = setting(1000)
    const [first] = crowd as [Client]
    dialer.wanted(first)
    dialer.refused(first, 'ECONNREFUSED')
    for (const client of crowd.slice(1)) dialer.wanted(client)
    const knocks = (): number => crowd.reduce((sum, { connects }) => sum + connects, 0)
    t.equal(knocks(), 1)
    clock.advance(25)
    t.equal(knocks(), 2)
    clock.advance(100)
    t.equal(knocks(), 2, 'the second is still trying')
    dialer.reached(first)
    t.equal(knocks(), 1001, 'once somebody is in, everybody comes')
  },
)

void tap.test('a request gets 503 after connect-wait, and not earlier', async (t) => {
  const { clock, dialer, crowd } = setting(1)
  const [client] = crowd as [Client]
  dialer.wanted(client)
  dialer.refused(client, 'ECONNREFUSED')
  while (clock.now() < WAIT_MS - 25) {
    clock.advance(25)
    t.equal(client.fault, undefined)
    dialer.refused(client, 'ECONNREFUSED')
  }
  clock.advance(50)
  t.equal(client.fault, 'refused')
})

void tap.test('a connection that is neither accepted nor refused is a timeout', async (t) => {
  const { clock, dialer, crowd } = setting(1)
  dialer.wanted(crowd[0]!)
  clock.advance(WAIT_MS + 25)
  t.equal(crowd[0]!.fault, 'timeout')
})

void tap.test('while connecting is paused nobody connects; afterwards everybody may', async (t) => {
  const { clock, dialer, crowd } = setting(3)
  dialer.queue(true)
  for (const client of crowd) dialer.wanted(client)
  clock.advance(1000)
  t.same(
    crowd.map(({ connects }) => connects),
    [0, 0, 0],
  )
  dialer.queue(false)
  t.same(
    crowd.map(({ connects }) => connects),
    [1, 1, 1],
  )
})

void tap.test('who is held for connect-wait hears that the app is away', async (t) => {
  const { clock, dialer, crowd } = setting(1)
  dialer.queue(true)
  dialer.wanted(crowd[0]!)
  clock.advance(WAIT_MS + 25)
  t.equal(crowd[0]!.fault, 'away')
})

void tap.test('no request waits for an app that has exited for good', async (t) => {
  const { clock, dialer, crowd } = setting(2)
  const [waiting, late] = crowd as [Client, Client]
  dialer.wanted(waiting)
  dialer.refused(waiting, 'ECONNREFUSED')
  dialer.lost(true)
  clock.advance(25)
  t.equal(waiting.fault, 'refused')
  dialer.wanted(late)
  dialer.refused(late, 'ECONNREFUSED')
  clock.advance(25)
  t.equal(late.fault, 'refused')
})

void tap.test('who has left is not called any more', async (t) => {
  const { clock, dialer, crowd } = setting(1)
  const [client] = crowd as [Client]
  dialer.wanted(client)
  dialer.refused(client, 'ECONNREFUSED')
  dialer.forget(client)
  clock.advance(WAIT_MS * 2)
  t.equal(client.connects, 1)
  t.equal(client.fault, undefined)
})

void tap.test(
  'no descriptor for a dial: it waits as for an app that is away, and says what it was',
  async (t) => {
    const { clock, crowd } = setting(2)
    let told = 0
    const dialer = new Dialer(clock, WAIT_MS, () => {
      told += 1
    })
    const [first, second] = crowd as [Client, Client]
    dialer.wanted(first)
    dialer.refused(first, 'EMFILE')
    t.equal(first.fault, undefined, 'a descriptor may come free')
    dialer.wanted(second)
    t.equal(second.connects, 0, 'nobody else tries meanwhile')
    clock.advance(25)
    t.equal(first.connects, 2)
    dialer.reached(first)
    t.equal(second.connects, 1, 'there are some again')
    dialer.refused(second, 'ENFILE')
    while (second.fault === undefined && clock.now() < 2 * WAIT_MS) {
      clock.advance(25)
      dialer.refused(second, 'EMFILE')
    }
    t.equal(second.fault, 'descriptors', 'not that the app refused')
    t.ok(told > 2, 'each time it is told')
  },
)

void tap.test('an error that waiting does not cure is told at once, and not called a refusal', async (t) => {
  for (const [error, fault] of [
    ['EADDRNOTAVAIL', 'unreachable'],
    ['EACCES', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
  ] as const) {
    const { dialer, crowd } = setting(1)
    const [client] = crowd as [Client]
    dialer.wanted(client)
    dialer.refused(client, error)
    t.equal(client.fault, fault, error)
  }
})

void tap.test('the app refuses after descriptors have come free: it was the app in the end', async (t) => {
  const { clock, dialer, crowd } = setting(1)
  const [client] = crowd as [Client]
  dialer.wanted(client)
  dialer.refused(client, 'EMFILE')
  while (client.fault === undefined && clock.now() < 2 * WAIT_MS) {
    clock.advance(25)
    dialer.refused(client, 'ECONNREFUSED')
  }
  t.equal(client.fault, 'refused')
})
