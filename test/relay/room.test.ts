/** Who makes room for a newcomer: the longest at rest, and nobody is looked at for each one. */
import * as fc from 'fast-check'
import tap from 'tap'
import { type Occupant, Room } from '../../src/proxy/relay/room.ts'
import { holds } from '../fixtures/property.ts'

class Somebody implements Occupant {
  looks = 0
  #since: number

  constructor(since: number) {
    this.#since = since
  }

  set restingSince(since: number) {
    this.#since = since
  }

  get restingSince(): number {
    this.looks += 1
    return this.#since
  }
}

void tap.test('the longest at rest goes first; who is busy, has stirred or has left does not', async (t) => {
  const room = new Room<Somebody>()
  const [old, middle, young, busy] = [1, 2, 3, Infinity].map((since) => new Somebody(since))
  const all = new Set([young!, busy!, old!, middle!])
  t.equal(room.longest(all, 10), old)
  all.delete(old!)
  middle!.restingSince = 5
  t.equal(room.longest(all, 10), young, 'the one in the middle has had a request meanwhile')
  all.delete(young!)
  t.equal(room.longest(all, 10), undefined, 'everybody who was at rest at the last look is used up')
  t.equal(room.longest(all, 40), middle, 'a later look finds who is at rest now')
  t.equal(room.longest(new Set([busy!]), 80), undefined, 'only the busy are left')
})

void tap.test('a thousand newcomers at the limit are not a thousand looks at everybody', async (t) => {
  const room = new Room<Somebody>()
  const all = new Set(Array.from({ length: 10_000 }, (_, i) => new Somebody(i)))
  for (let i = 0; i < 1000; i++) {
    const gone = room.longest(all, 20_000)!
    t.equal(gone.restingSince, i)
    all.delete(gone)
  }
  const looks = [...all].reduce((sum, { looks: own }) => sum + own, 0)
  t.ok(looks < 5 * 10_000, `${looks} looks`)
  for (const who of all) who.restingSince = Infinity
  const before = [...all].reduce((sum, { looks: own }) => sum + own, 0)
  for (let i = 0; i < 1000; i++) t.equal(room.longest(all, 20_000 + i / 1000), undefined)
  const more = [...all].reduce((sum, { looks: own }) => sum + own, 0) - before
  t.ok(more < 2 * 10_000 + 256, `${more} looks where nobody is idle`)
})

void tap.test('it never names one that is busy, and names one whenever a fresh look would', async (t) => {
  const moves = fc.array(
    fc.record({
      who: fc.nat({ max: 9 }),
      what: fc.constantFrom<('rest' | 'busy' | 'ask')[]>('rest', 'busy', 'ask'),
    }),
    { maxLength: 50 },
  )
  const property = fc.property(moves, (steps) => {
    const room = new Room<Somebody>()
    const people = Array.from({ length: 10 }, () => new Somebody(Infinity))
    const all = new Set(people)
    let now = 0
    return steps.every(({ who, what }) => {
      now += 30 // later than a look may be repeated
      if (what !== 'ask') {
        people[who]!.restingSince = what === 'rest' ? now : Infinity
        return true
      }
      const resting = [...all].map((one) => one.restingSince).filter((since) => since <= now)
      const named = room.longest(all, now)
      if (named === undefined) return resting.length === 0
      all.delete(named)
      return named.restingSince === Math.min(...resting)
    })
  })
  holds(t, 'longest', property)
})
