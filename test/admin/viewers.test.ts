/** Who watches, against a clock that only moves when told: how many, how often, what, and what it costs if nobody does. */
import tap from 'tap'
import { EVENT_MS, KEEP_ALIVE_MS, PATIENCE_MS, type Screen, Viewers } from '../../src/proxy/admin/viewers.ts'
import { HandClock } from '../fixtures/clock.ts'

class TestScreen implements Screen {
  full = false
  readonly written: { at: number; text: string }[] = []
  ended = ''
  destroyed = false
  readonly #clock: HandClock

  constructor(clock: HandClock) {
    this.#clock = clock
  }

  write(text: string): void {
    this.written.push({ at: this.#clock.now(), text })
  }

  end(text: string): void {
    this.ended = text
  }

  destroy(): void {
    this.destroyed = true
  }

  /** The events so far, without comments. */
  get events(): Record<string, unknown>[] {
    return this.written.flatMap(({ text }) =>
      text.startsWith('data: ') ? [JSON.parse(text.slice(6)) as Record<string, unknown>] : [],
    )
  }
}

function scene(most = 8) {
  const clock = new HandClock()
  const parts: Record<string, unknown> = { phase: 'serving', inFlight: 0 }
  let looks = 0
  /** What a look takes. */
  let tookMs = 0
  const viewers = new Viewers({
    clock,
    most,
    look() {
      looks += 1
      if (tookMs > 0) clock.advance(tookMs)
      return parts
    },
  })
  return {
    clock,
    parts,
    viewers,
    looks: () => looks,
    looksTake: (ms: number) => (tookMs = ms),
    screen: () => new TestScreen(clock),
  }
}

void tap.test('the first event has every part, the next ones only what has changed', async (t) => {
  const { clock, parts, viewers, screen } = scene()
  const one = screen()
  t.ok(viewers.add(one))
  t.same(one.events, [{ now: 0, phase: 'serving', inFlight: 0 }])
  clock.advance(1000)
  t.equal(one.written.length, 1, 'nothing has changed: nothing is sent')
  parts['inFlight'] = 3
  clock.advance(1000)
  t.same(one.events.slice(1), [{ now: 1100, inFlight: 3 }])
})

void tap.test('at most ten events a second, however often something changes', async (t) => {
  const { clock, parts, viewers, screen } = scene()
  const early = screen()
  viewers.add(early)
  const late = screen()
  for (let ms = 0; ms < 10_000; ms += 1) {
    if (ms === 1234) viewers.add(late)
    parts['inFlight'] = ms
    clock.advance(1)
  }
  for (const { written } of [early, late]) {
    const times = written.map(({ at }) => at)
    t.ok(times.length > 80, 'it is kept up to date')
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))
    t.equal(most, 10)
  }
})

void tap.test('one look serves all of them', async (t) => {
  const { clock, viewers, screen, looks } = scene()
  for (let i = 0; i < 8; i += 1) viewers.add(screen())
  const before = looks()
  clock.advance(1000)
  t.equal(looks() - before, 10)
})

void tap.test('without a viewer, no timer runs and no state is collected', async (t) => {
  const { clock, viewers, screen, looks } = scene()
  t.equal(clock.armed, 0)
  clock.advance(60_000)
  t.equal(looks(), 0)
  const one = screen()
  viewers.add(one)
  t.equal(clock.armed, 1)
  viewers.remove(one)
  viewers.remove(one)
  t.equal(clock.armed, 0)
  const before = looks()
  clock.advance(60_000)
  t.equal(looks(), before)
  const again = screen()
  viewers.add(again)
  t.same(Object.keys(again.events[0]!), ['now', 'phase', 'inFlight'], 'who comes later sees everything')
})

void tap.test(
  'looking takes a twentieth of the time at most, also where thousands are in flight',
  async (t) => {
    const { clock, viewers, screen, looks, looksTake } = scene()
    looksTake(50)
    viewers.add(screen())
    const before = looks()
    const from = clock.now()
    clock.advance(10_500)
    const share = ((looks() - before) * 50) / (clock.now() - from)
    t.ok(share > 0.03 && share < 0.06, `${share}`)
  },
)

void tap.test('the number of viewers is limited; a slot is free when one leaves', async (t) => {
  const { viewers, screen } = scene(2)
  const [one, two, three] = [screen(), screen(), screen()]
  t.ok(viewers.add(one))
  t.ok(viewers.add(two))
  t.notOk(viewers.add(three))
  t.same(three.written, [])
  viewers.remove(one)
  t.ok(viewers.add(three))
  t.equal(viewers.size, 2)
})

void tap.test('a silent stream says that it is there', async (t) => {
  const { clock, viewers, screen } = scene()
  const one = screen()
  viewers.add(one)
  clock.advance(2 * KEEP_ALIVE_MS + EVENT_MS)
  t.same(
    one.written.slice(1).map(({ text }) => text),
    [': keep-alive\n\n', ': keep-alive\n\n'],
  )
})

void tap.test(
  'a viewer that does not read gets nothing more, all parts when it reads again, and is dropped in the end',
  async (t) => {
    const { clock, parts, viewers, screen } = scene()
    const slow = screen()
    const other = screen()
    viewers.add(slow)
    viewers.add(other)
    slow.full = true
    for (let i = 0; i < 50; i += 1) {
      parts['inFlight'] = i
      clock.advance(EVENT_MS)
    }
    t.equal(slow.written.length, 1)
    t.ok(other.written.length > 40)
    slow.full = false
    clock.advance(EVENT_MS)
    t.same(slow.events.slice(1), [{ now: clock.now(), phase: 'serving', inFlight: 49 }])

    slow.full = true
    clock.advance(PATIENCE_MS - EVENT_MS)
    t.notOk(slow.destroyed)
    clock.advance(2 * EVENT_MS)
    t.ok(slow.destroyed)
    t.equal(viewers.size, 1)
    t.notOk(other.destroyed)
  },
)

void tap.test('the end: what changed last and a farewell; who does not read is not waited for', async (t) => {
  const { clock, parts, viewers, screen } = scene()
  const [one, behind, stuck] = [screen(), screen(), screen()]
  for (const each of [one, behind, stuck]) viewers.add(each)
  behind.full = true
  parts['inFlight'] = 5
  clock.advance(EVENT_MS)
  behind.full = false
  stuck.full = true
  parts['phase'] = 'exited'
  viewers.end()
  t.equal(one.ended, 'data: {"now":100,"phase":"exited"}\n\nevent: end\ndata: {}\n\n')
  t.equal(behind.ended, 'data: {"now":100,"phase":"exited","inFlight":5}\n\nevent: end\ndata: {}\n\n')
  t.ok(stuck.destroyed)
  t.equal(clock.armed, 0)
  t.notOk(viewers.add(screen()), 'nobody comes after the end')
})
