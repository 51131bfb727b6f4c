/** When somebody last came, as far as a drain is concerned: DESIGN §3, "Evidence, not guesses". */
import * as fc from 'fast-check'
import tap from 'tap'
import { type Arrived, Arrivals } from '../../src/proxy/relay/arrivals.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('a probe is forgotten, and an undecided connection counts until then', async (t) => {
  const arrivals = new Arrivals(() => 7)
  const user = { acceptedAt: 1 }
  const probe = { acceptedAt: 2 }
  const later = { acceptedAt: 3 }
  for (const who of [user, probe, later]) arrivals.connection(who)
  t.equal(arrivals.lastConnectionAt, 3)
  arrivals.forget(later)
  t.equal(arrivals.lastConnectionAt, 2)
  arrivals.request(user, true)
  t.equal(arrivals.lastAt, 7)
  t.equal(arrivals.lastConnectionAt, 2, 'still undecided')
  arrivals.forget(probe)
  t.equal(arrivals.lastConnectionAt, 1)
  arrivals.forget(user)
  t.equal(arrivals.lastConnectionAt, 1, 'one that has asked stays')
})

/** What Arrivals says, by looking at everybody. */
class Naive {
  readonly #all = new Map<Arrived, 'undecided' | 'stays'>()

  connection(who: Arrived): void {
    this.#all.set(who, 'undecided')
  }

  stays(who: Arrived): void {
    if (this.#all.get(who) === 'undecided') this.#all.set(who, 'stays')
  }

  forget(who: Arrived): void {
    if (this.#all.get(who) === 'undecided') this.#all.delete(who)
  }

  get lastConnectionAt(): number {
    return Math.max(-Infinity, ...[...this.#all.keys()].map(({ acceptedAt }) => acceptedAt))
  }
}

void tap.test('in any order of events it agrees with a scan of all connections', async (t) => {
  const step = fc.record({
    what: fc.constantFrom<('connection' | 'stays' | 'forget')[]>('connection', 'stays', 'forget'),
    who: fc.nat(),
  })
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const arrivals = new Arrivals(() => 0)
    const naive = new Naive()
    const everybody: Arrived[] = []
    return steps.every(({ what, who }) => {
      if (what === 'connection') {
        const newcomer = { acceptedAt: everybody.length }
        everybody.push(newcomer)
        arrivals.connection(newcomer)
        naive.connection(newcomer)
      } else if (everybody.length > 0) {
        const chosen = everybody[who % everybody.length]!
        arrivals[what](chosen)
        naive[what](chosen)
      }
      return arrivals.lastConnectionAt === naive.lastConnectionAt
    })
  })
  holds(t, 'lastConnectionAt', property)
})

void tap.test('8,000 silent clients are not scanned for every event of a drain', async (t) => {
  let looks = 0
  class Silent implements Arrived {
    get acceptedAt(): number {
      looks += 1
      return 1
    }
  }
  const arrivals = new Arrivals(() => 0)
  for (let i = 0; i < 8000; i++) arrivals.connection(new Silent())
  looks = 0
  for (let i = 0; i < 100; i++) t.equal(arrivals.lastConnectionAt, 1)
  t.ok(looks <= 100, `${looks} looks for 100 questions`)
})
