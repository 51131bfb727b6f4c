/** What is gathered for one write in bulk: whole, in order, bounded, and one writer's at a time. */
import tap from 'tap'
import { Burst, type BurstWriter } from '../../src/proxy/sockets/burst.ts'

const FULL = 64 * 1024

class Taker implements BurstWriter {
  /** Whether the kernel takes all at once. */
  takes = true
  readonly #name: string
  readonly #log: string[]

  constructor(name: string, log: string[]) {
    this.#name = name
    this.#log = log
  }

  sendBurst(parts: readonly Buffer[], chunks: readonly Buffer[]): boolean {
    const bytes = parts.map((part) => String.fromCharCode(part[0]!)).join('')
    const lie = parts.every(({ buffer }, index) => buffer === chunks[index]!.buffer)
    this.#log.push(`${this.#name}: ${bytes}${lie ? '' : ', not of their chunks'}`)
    return this.takes
  }

  burstSent(): void {
    this.#log.push(`${this.#name} is told`)
  }
}

function full(letter: string): Buffer {
  return Buffer.from(new ArrayBuffer(FULL)).fill(letter)
}

await tap.test('full reads wait for more, and the short one behind them ends the burst', async (t) => {
  const log: string[] = []
  const burst = new Burst()
  const one = new Taker('one', log)
  const [a, b, c] = [full('a'), full('b'), full('c').subarray(0, 9)]
  burst.add(one, a, a)
  t.ok(burst.holds(one))
  burst.add(one, b.subarray(7), b)
  t.same(log, [])
  burst.add(one, c, c)
  t.same(log, ['one: abc'])
  t.notOk(burst.holds(one))
  burst.flush()
  t.same(log, ['one: abc'], 'once')
})

await tap.test('another writer goes behind what is gathered', async (t) => {
  const log: string[] = []
  const burst = new Burst()
  const one = new Taker('one', log)
  const two = new Taker('two', log)
  const [a, b] = [full('a'), full('b')]
  burst.add(one, a, a)
  burst.add(two, b, b)
  t.same(log, ['one: a'])
  t.ok(burst.holds(two))
  t.notOk(burst.holds(one))
  burst.flush()
  t.same(log, ['one: a', 'two: b'])
})

await tap.test('a burst without end is sent in bounded pieces', async (t) => {
  const log: string[] = []
  const burst = new Burst()
  const one = new Taker('one', log)
  for (let count = 0; count < 64; count += 1) {
    const chunk = full('x')
    burst.add(one, chunk, chunk)
  }
  burst.flush()
  const most = Math.max(...log.map((line) => line.length - 'one: '.length))
  t.ok(most > 1 && most * FULL <= 1024 * 1024, `${most} reads`)
  t.equal(log.join('').replaceAll('one: ', ''), 'x'.repeat(64), 'nothing is lost')
})

await tap.test('the end of the turn sends what is left, and every waiting writer is notified', async (t) => {
  const log: string[] = []
  const burst = new Burst()
  const one = new Taker('one', log)
  const two = new Taker('two', log)
  const [a, b] = [full('a'), full('b')]
  burst.add(one, a, a)
  burst.add(two, b, b)
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  t.same(log, ['one: a', 'two: b', 'one is told', 'two is told'])
  burst.add(one, a, a)
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  t.same(log.slice(4), ['one: a', 'one is told'])
})

await tap.test('while too much waits for slow apps, nothing more is gathered', async (t) => {
  const burst = new Burst()
  const counts: number[] = []
  /** Sends full reads until they are written; how many were written together. */
  const send = (takes: boolean): number => {
    const writer: BurstWriter = {
      sendBurst(parts) {
        counts.push(parts.length)
        return takes
      },
      burstSent: () => undefined,
    }
    const chunk = full('x')
    do burst.add(writer, chunk, chunk)
    while (burst.holds(writer))
    return counts.at(-1)!
  }
  for (let count = 0; count < 1000; count += 1) send(false)
  const more = counts.reduce((sum, count) => sum + count - 1, 0) * FULL
  t.ok(more > 0 && more <= 8 * 1024 * 1024, `${more} bytes more than one chunk for each`)
  const waiting = [...counts]
  t.equal(send(true), 1)
  for (const count of waiting) burst.written(count)
  t.ok(send(true) > 1, 'what waited has been written')
})
