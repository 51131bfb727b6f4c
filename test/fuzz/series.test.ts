/** The long run of the fuzzers: seeds add up, a difference ends its seed and is told, and the summary is for machines. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import tap from 'tap'
import { type Kind, KINDS } from './kinds.ts'
import { series, type Summary } from './series.ts'

const RUN = fileURLToPath(new URL('run.ts', import.meta.url))

void tap.test('each seed gets its messages, and all add up', async (t) => {
  const { messages, tally, found } = await series(
    counting(() => undefined),
    orders([1, 2, 3], 10),
  )
  t.match({ messages, tally, found }, { messages: 30, tally: { tried: 30 }, found: [] })
})

void tap.test(
  'a difference ends its seed and is reported with it, and the other seeds continue',
  async (t) => {
    const kind = counting((seed, count) => (seed === 2 && count === 4 ? 'two ends' : undefined))
    const { messages, found } = await series(kind, orders([1, 2, 3], 10))
    t.same(found, [{ seed: 2, what: 'two ends', one: 204 }])
    t.equal(messages, 24)
  },
)

void tap.test('every fuzzer runs over seeds and prints a summary for machines', { jobs: 2 }, async (t) => {
  const runs = Object.entries(KINDS).map(async ([name, kind]) =>
    t.test(name, async (t2) => {
      const args = [RUN, name, '--seeds', '7..8', '--messages', '300', '--json']
      const { stdout } = await promisify(execFile)(process.execPath, args)
      const { seeds, messages, tally, found } = JSON.parse(stdout) as Summary
      t2.same({ seeds, found }, { seeds: [7, 8], found: [] })
      t2.ok(messages >= 600 && messages === kind.messages(tally), `${messages} messages`)
    }),
  )
  await Promise.all(runs)
})

void tap.test('one stream is tried again alone', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, 'http2', '--one', '1234'])
  t.equal(stdout, 'nothing found\n')
})

void tap.test('what is no seed is refused', async (t) => {
  for (const seeds of ['5..1', 'a', '1..2..3', ''])
    await t.rejects(promisify(execFile)(process.execPath, [RUN, '--seeds', seeds, '--messages', '1']))
})

function orders(seeds: readonly number[], messages: number) {
  return { seeds, messages, seconds: Infinity }
}

/** Tries one message at a time; `differs` says what is found. */
function counting(differs: (seed: number, count: number) => string | undefined): Kind {
  return {
    messages: ({ tried = 0 }) => tried,
    async *campaign(seed) {
      for (let tried = 1; ; tried += 1) {
        const what = differs(seed, tried)
        const difference = what === undefined ? undefined : { what, one: 100 * seed + tried }
        yield { tally: { tried }, difference }
      }
    },
    one: async () => undefined,
  }
}
