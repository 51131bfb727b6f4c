/** The clients of the chaos that speak HTTP/1.1: those that do it right, and those that do what no client should. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from '../fixtures/sidecar.ts'
import type { Random } from '../fuzz/random.ts'
import { type Http1Client, open } from './http1.ts'
import type { Ledger } from './ledger.ts'
import { headOf, randomPlan } from './plan.ts'
import { reset } from './reset.ts'

export interface Stage {
  readonly place: Place
  /** A second port of the same lastcall, with `protocol=tcp` in front of an echo. */
  readonly echo?: Place
  readonly ledger: Ledger
  readonly random: Random
}
export type Client = (stage: Stage) => Promise<void>

/** Half of what a slow network does with a connection: the kernel's buffers fill, and then nothing goes on. */
const LARGE = 3_000_000
export const HEALTH_PATH = '/healthz'

async function connected(
  { place, ledger }: Stage,
  by: string,
  run: (client: Http1Client) => Promise<void>,
): Promise<void> {
  const client = await open(place, ledger, by)
  if (client === undefined) return
  try {
    await run(client)
  } finally {
    client.socket.destroy()
  }
}

/** One request after the other, as long as it is let. */
const keepAlive: Client = async (stage) =>
  connected(stage, 'keep-alive', async (client) => {
    for (let i = stage.random.below(8); i >= 0 && !client.over; i -= 1) {
      const outcome = await client.exchange(randomPlan(stage.random), stage.random)
      if (outcome.kind !== 'whole') return
      if (stage.random.chance(30)) await sleep(stage.random.below(30))
    }
    await client.leave()
  })

/** Many at once, cut anywhere. */
const pipelined: Client = async (stage) =>
  connected(stage, 'pipelined', async (client) => {
    const { random } = stage
    const plans = Array.from({ length: 2 + random.below(20) }, () =>
      randomPlan(random, {
        method: random.pick(['GET', 'GET', 'HEAD']),
        conduct: random.pick(['after', 'early', 'interim', 'slow']),
        framing: random.pick(['length', 'chunked']),
      }),
    )
    const outcomes = plans.map(async (plan) => client.expect(plan))
    for (const part of random.cut(Buffer.from(plans.map(headOf).join('')), 6)) {
      client.socket.write(part)
      if (random.chance(50)) await sleep(random.below(5))
    }
    await Promise.all(outcomes)
    await client.leave()
  })

/** Uploads, also to those that have answered long before it ends. */
const uploader: Client = async (stage) =>
  connected(stage, 'uploader', async (client) => {
    const { random } = stage
    const up = random.pick([100, 65_536, 500_000, 2_000_000])
    const chunkedUp = random.chance(50)
    const conduct = random.pick(['early', 'early', 'after', 'no-read', 'early-close'] as const)
    await client.exchange(randomPlan(random, { method: 'POST', up, chunkedUp, conduct }), random)
    await client.leave()
  })

/** Reads, but slowly. */
const slowReader: Client = async (stage) =>
  connected(stage, 'slow reader', async (client) => {
    const { random } = stage
    const outcome = client.exchange(
      randomPlan(random, { method: 'GET', down: LARGE, conduct: 'after' }),
      random,
    )
    const reading = new AbortController()
    void outcome.then(() => reading.abort())
    while (!reading.signal.aborted) {
      client.socket.pause()
      await sleep(random.below(20))
      client.socket.resume()
      await sleep(1 + random.below(10))
    }
    await client.leave()
  })

/** Asks for much, never reads, and goes away as it likes. */
const neverReads: Client = async (stage) =>
  connected(stage, 'never reads', async (client) => {
    const { random } = stage
    client.behaves = false
    client.socket.pause()
    void client.exchange(randomPlan(random, { method: 'GET', down: LARGE }), random)
    await sleep(random.below(500))
    goAway(client, random)
  })

/** Sends its FIN when it has asked, or in the middle of what it sends. */
const halfCloser: Client = async (stage) =>
  connected(stage, 'half-closer', async (client) => {
    const { random, ledger } = stage
    if (random.chance(20)) return client.leave()
    const plan = randomPlan(random, { conduct: random.pick(['after', 'early', 'slow']) })
    const outcome = client.expect(plan)
    client.socket.write(headOf(plan))
    const stopsShort = plan.up > 0 && random.chance(50)
    if (stopsShort) {
      client.behaves = false
      ledger.maySeeShortEnd(plan)
    }
    await client.sendBody(plan, random, stopsShort ? random.below(plan.up) : plan.up)
    client.socket.end()
    await outcome
  })

/** Is gone at some moment, with a reset. */
const resetter: Client = async (stage) =>
  connected(stage, 'resetter', async (client) => {
    const { random } = stage
    client.behaves = false
    if (random.chance(10)) {
      reset(client.socket)
      return
    }
    const plan = randomPlan(random)
    void client.expect(plan)
    const head = Buffer.from(headOf(plan))
    if (random.chance(20)) client.socket.write(head.subarray(0, random.below(head.length)))
    else {
      client.socket.write(head)
      await client.sendBody(plan, random, random.chance(50) ? plan.up : random.below(plan.up + 1))
    }
    await sleep(random.below(random.pick([1, 10, 200])))
    reset(client.socket)
  })

const NONSENSE = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'GET / HTTP/1.1\nHost: a\n\n',
  'GET / HTTP/9.1\r\nHost: a\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
] as const

/** Says what is no request, alone or behind one that is. */
const nonsense: Client = async (stage) =>
  connected(stage, 'nonsense', async (client) => {
    const { random } = stage
    const good = randomPlan(random, {
      method: 'POST',
      up: random.pick([0, 10, 1000]),
      chunkedUp: false,
      framing: 'length',
      conduct: 'after',
    })
    const outcome = random.chance(50) ? client.expect(good) : undefined
    if (outcome !== undefined) {
      client.socket.write(headOf(good))
      await client.sendBody(good, random, good.up)
    }
    client.socket.write(random.pick(NONSENSE), 'latin1')
    await outcome
    client.behaves = false
    await sleep(random.below(100))
    goAway(client, random)
  })

/** Dials, says nothing or half a head, and leaves. */
const idler: Client = async (stage) =>
  connected(stage, 'idler', async (client) => {
    const { random } = stage
    client.behaves = false
    if (random.chance(50)) client.socket.write('GET /nothing HTTP/1.1\r\nHo')
    await sleep(random.below(500))
    goAway(client, random)
  })

/** Asks for the health path again and again at once; reads all the answers, or none. */
const healthPipeliner: Client = async (stage) =>
  connected(stage, 'health pipeliner', async (client) => {
    const { random, ledger } = stage
    const { epoch } = ledger
    client.behaves = false
    client.socket.removeAllListeners('data')
    const request = `GET ${HEALTH_PATH} HTTP/1.1\r\nHost: lb\r\n\r\n`
    if (random.chance(50)) {
      client.socket.pause()
      const many = Buffer.from(request.repeat(1000))
      for (let i = 0; i < 300 && client.socket.writableLength < 1_000_000; i += 1) {
        client.socket.write(many)
        await sleep(random.below(10))
      }
      return goAway(client, random)
    }
    const count = 1 + random.below(300)
    let text = ''
    client.socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    client.socket.write(request.repeat(count))
    const answers = () => text.split('HTTP/1.1 ').length - 1
    const closes = () => /^connection: close/im.test(text)
    for (let i = 0; i < 500 && answers() < count && !closes(); i += 1) await sleep(10)
    if (answers() < count && !closes() && !ledger.excuses && ledger.epoch === epoch)
      ledger.breach(`health pipeliner: ${answers()} answers to ${count} requests`)
    await client.leave()
  })

function goAway({ socket }: Http1Client, random: Random): void {
  if (random.chance(50)) reset(socket)
  else socket.destroy()
}

export const HTTP1_CLIENTS: Readonly<Record<string, Client>> = {
  keepAlive,
  pipelined,
  uploader,
  slowReader,
  neverReads,
  halfCloser,
  resetter,
  nonsense,
  idler,
  healthPipeliner,
}
