/**
 * A soak: one lastcall that lives as long as it lasts, before the app and among the clients of the chaos, in rounds. After
 * each round all clients leave, every gauge has to be 0, and what lastcall holds is noted. In the end the notes are judged.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosApp } from '../chaos/app.ts'
import { endByForce, FLAGS, MEMORY_LIMIT } from '../chaos/campaign.ts'
import { echo } from '../chaos/clients-streams.ts'
import { crowd, kindsOf } from '../chaos/crowd.ts'
import { Ledger } from '../chaos/ledger.ts'
import { balance } from '../chaos/rest.ts'
import { startEcho } from '../chaos/streams.ts'
import { alarms, drains, restarts } from '../chaos/weather.ts'
import { gaugesAtRest, memory } from '../fixtures/gauges.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { Random } from '../fuzz/random.ts'
import { collectGarbage, INSPECTED } from './collect.ts'
import { judge, type Level, median, MIB } from './judge.ts'
import { type Sample, takeSample } from './sample.ts'

export interface Orders {
  readonly seed: number
  readonly seconds: number
  readonly relay: 'native' | 'portable'
}

export interface Soaked {
  /** Each a breach of what lastcall promises. */
  readonly wrong: readonly string[]
  readonly clients: number
  readonly tally: Readonly<Record<string, number>>
  readonly samples: readonly Sample[]
  readonly levels: readonly Level[]
  readonly peakMiB: number
}

/** A round is a fifteenth of the whole, within these bounds. */
const ROUNDS = 15
/** On a busy machine rounds last longer: fewer could not be judged. */
const LEAST_ROUNDS = 6
const ROUND_SECONDS = { least: 1.5, most: 30 }
/** More samples would not be seen in the picture. */
const SAMPLES = 300
const LEAST_SAMPLE_MS = 250
/** A level is the median of so many samples. */
const OF_A_LEVEL = 5
const LEVEL_MS = 150
/** A hook that no stop follows is found out 4 s after it; who comes meanwhile waits. */
const SHORT_GRACE = ['--grace-period=2s', '--app-stop=500ms', '--connect-wait=9s']

/** Runs one; rejects only if the test itself fails. `told` hears of each round. */
export async function soak(
  t: Owner,
  orders: Orders,
  told: (round: number, level: Level) => void = () => undefined,
): Promise<Soaked> {
  const random = new Random(orders.seed)
  const ledger = new Ledger()
  const app = new ChaosApp(ledger, new Random(orders.seed + 1), await freePort())
  await app.start()
  t.teardown(() => app.stop())
  const echoPort = await startEcho(t)
  const sidecar = await startSidecar(t, {
    ports: [`127.0.0.1:0=127.0.0.1:${app.port}`, `127.0.0.1:0=127.0.0.1:${echoPort},protocol=tcp`],
    flags: [
      ...FLAGS.filter((flag) => !flag.startsWith('--connect-wait')),
      ...SHORT_GRACE,
      `--relay=${orders.relay}`,
    ],
    from: 'dist',
    nodeFlags: INSPECTED,
  })
  await sidecar.ready()
  await collectGarbage(sidecar.program)
  const before = await gaugesAtRest(sidecar)
  const stage = { place: sidecar.listen, echo: sidecar.listens[1]!, ledger, random }
  const kinds = [...kindsOf(), ['echo', echo] as const]
  const events = new Random(orders.seed + 2)

  const began = performance.now()
  const over = began + orders.seconds * 1000
  const { least, most } = ROUND_SECONDS
  const roundMs = Math.min(Math.max(orders.seconds / ROUNDS, least), most) * 1000
  const take = async () => takeSample(sidecar, began, arrivals(ledger))
  const sampler = startSampler(take, Math.max(LEAST_SAMPLE_MS, (orders.seconds * 1000) / SAMPLES))
  const levels: Level[] = []
  let clients = 0
  for (let round = 0; performance.now() < over || round < LEAST_ROUNDS; round += 1) {
    const end = performance.now() + roundMs
    const running = () => performance.now() < end
    const weather =
      round % 2 === 0
        ? [drains(sidecar, events, running), restarts(app, events, running)]
        : [alarms({ sidecar, app, ledger }, events, running)]
    const [came] = await Promise.all([crowd(stage, kinds, running), ...weather])
    clients += came
    await balance(sidecar, before, ledger)
    ledger.forget()
    const level = await levelOf(sidecar, take, ledger)
    levels.push(level)
    told(round, level)
  }
  const samples = await sampler.stop()

  for (const what of judge(levels)) ledger.breach(what)
  const { peak } = memory(sidecar)
  if (peak > MEMORY_LIMIT) ledger.breach(`it has taken ${Math.round(peak / MIB)} MiB`)
  await endByForce(sidecar, stage, kinds)
  return {
    wrong: ledger.wrong,
    clients,
    tally: ledger.tally,
    samples,
    levels,
    peakMiB: Math.round(peak / MIB),
  }
}

/** What it holds when nobody is there. */
async function levelOf(sidecar: Sidecar, take: () => Promise<Sample>, ledger: Ledger): Promise<Level> {
  await collectGarbage(sidecar.program)
  const samples: Sample[] = []
  for (let i = 0; i < OF_A_LEVEL; i += 1) {
    await sleep(LEVEL_MS)
    samples.push(await take())
  }
  const last = samples.at(-1)!
  for (const what of [...last.notZero, ...last.unequal]) ledger.breach(`at rest: ${what}`)
  const of = (value: (sample: Sample) => number): number => median(samples.map(value))
  return {
    atMs: last.atMs,
    rssBytes: of((sample) => sample.rssBytes),
    heapBytes: of((sample) => sample.heapBytes),
    fds: of((sample) => sample.fds),
  }
}

/** Requests of HTTP/1.1 and of HTTP/2. */
function arrivals({ tally }: Ledger): number {
  return (tally['whole requests at the app'] ?? 0) + (tally['streams at the app'] ?? 0)
}

/** Takes samples from now on until it is stopped. */
function startSampler(take: () => Promise<Sample>, everyMs: number): { stop(): Promise<Sample[]> } {
  const samples: Sample[] = []
  const stopped = new AbortController()
  const sampling = (async () => {
    while (!stopped.signal.aborted) {
      samples.push(await take())
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  })()
  return {
    async stop() {
      stopped.abort()
      await sampling
      return samples
    },
  }
}
