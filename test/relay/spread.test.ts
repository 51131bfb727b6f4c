/** Many are told one after the other, evenly, and those who are left when it is taken back are not told. */
import tap from 'tap'
import { Spread } from '../../src/proxy/relay/spread.ts'
import { HandClock } from '../fixtures/clock.ts'

function told(count: number, overMs: number): { clock: HandClock; spread: Spread; at: number[] } {
  const clock = new HandClock()
  const spread = new Spread(clock)
  const at: number[] = []
  spread.start(Array.from({ length: count }), overMs, () => at.push(clock.now()))
  return { clock, spread, at }
}

void tap.test('evenly, the first at once, the last within the time', async (t) => {
  const { clock, at } = told(10, 1000)
  t.same(at, [0])
  clock.advance(2000)
  t.same(at, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
  t.equal(clock.armed, 0)
})

void tap.test('very many share their turns', async (t) => {
  const { clock, at } = told(10_000, 1000)
  clock.advance(1000)
  t.equal(at.length, 10_000)
  for (const quarter of [0, 1, 2, 3]) {
    const count = at.filter((one) => Math.floor(one / 250) === quarter).length
    t.ok(Math.abs(count - 2500) <= 100, `${count} in quarter ${quarter + 1}`)
  }
})

void tap.test('with a duration of 0 all are told at once; an empty set is fine', async (t) => {
  t.equal(told(100, 0).at.length, 100)
  t.equal(told(0, 1000).clock.armed, 0)
})

void tap.test('after a stop it tells nobody; after another start only new ones', async (t) => {
  const { clock, spread, at } = told(10, 1000)
  clock.advance(250)
  spread.stop()
  clock.advance(2000)
  t.same(at, [0, 100, 200])
  const again: string[] = []
  spread.start(['a', 'b'], 100, (one) => again.push(one))
  spread.start(['c', 'd'], 100, (one) => again.push(one))
  clock.advance(1000)
  t.same(again, ['a', 'c', 'd'])
})
