/** The short run of the soak, and what makes it worth believing: its judge finds leaks. `npm run soak` is the long one. */
import tap from 'tap'
import { judge, type Level, median, MIB } from './judge.ts'
import { plot } from './plot.ts'
import { soak } from './soak.ts'

const SECONDS = 30

void tap.test(
  'after 30 s of all protocols, rude clients, drains, hooks and restarts, everything is as at first',
  async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    t.comment(`seed ${seed}`)
    const soaked = await soak(t, { seed, seconds: SECONDS, relay: 'native' })
    t.comment(JSON.stringify({ levels: soaked.levels, tally: soaked.tally }))
    t.same(soaked.wrong, [])
    t.ok(soaked.clients > 100, `${soaked.clients} clients`)
    for (const what of ['restarts of the app', 'hooks of the app', 'echo whole', 'event stream whole'])
      t.ok((soaked.tally[what] ?? 0) > 0, what)
    t.match(plot('a soak', soaked), /<polyline[^]*<circle[^]*<\/svg>/, 'it can be drawn')
  },
)

void tap.test('the judge finds what grows, and nothing else', async (t) => {
  t.same(judge(levels({})), [], 'flat')
  t.same(judge(levels({ rss: noise(6) })), [], 'memory breathes')
  t.same(judge(levels({ rss: (i) => 20 * Math.min(i, 8) + 60 })), [], 'it fills in the first half')
  t.same(judge(levels({ rss: (i) => (i === 15 ? 160 : 80) })), [], 'one level out of line')
  t.match(judge(levels({ rss: (i) => noise(2)(i) + 1.5 * i })), [/^resident memory grows: 1\d\.\d MiB/])
  t.match(judge(levels({ heap: (i) => 11 + 0.2 * i })), [
    /^used heap grows: 1\.8 MiB in the second half, 90 s/,
  ])
  t.match(judge(levels({ heap: (i) => 11 + 0.2 * i, rss: (i) => 80 + 2 * i })), [/^resident/, /^used heap/])
  t.match(judge(levels({ fds: (i) => 32 + (i === 19 ? 4 : 0) })), [
    /^36 descriptors at rest after 190 s, 32 at first/,
  ])
  t.match(judge(levels({ fds: (i) => 32 + Math.floor(i / 6) })), [
    /^34 descriptors at rest in the second half/,
  ])
  t.same(judge(levels({ fds: (i) => 32 + (i % 2) })), [], 'a health check is under way')
  t.match(judge(levels({}).slice(0, 4)), [/^4 levels are too few/])
  t.match(judge([]), [/^0 levels are too few/])
})

void tap.test('the median', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.equal(median([7]), 7)
})

type Course = (index: number) => number

/** Twenty levels, ten seconds apart; memory in MiB. */
function levels({ rss = () => 80, heap = () => 11, fds = () => 32 }: Record<string, Course>): Level[] {
  return Array.from({ length: 20 }, (_, i) => ({
    atMs: 10_000 * i,
    rssBytes: rss(i) * MIB,
    heapBytes: heap(i) * MIB,
    fds: fds(i),
  }))
}

/** Up and down by so many MiB, without a trend. */
function noise(by: number): Course {
  return (index) => 80 + by * [0, 1, -1, 0.5, -0.5][index % 5]!
}
