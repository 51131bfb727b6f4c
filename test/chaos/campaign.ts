/**
 * A campaign: lastcall as a real process before an app that misbehaves, random clients of all kinds, drains that are taken
 * back; then all clients leave, and the gauges have to balance; then it is ended by force among clients. Returns what was
 * wrong. Two runs with one seed make the same choices, but their timing differs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { Random } from '../fuzz/random.ts'
import { ChaosApp } from './app.ts'
import { HEALTH_PATH, type Stage } from './clients.ts'
import { crowd, type Kinds, kindsOf } from './crowd.ts'
import { Ledger } from './ledger.ts'
import { balance } from './rest.ts'
import { drains, restarts } from './weather.ts'

export interface Orders {
  readonly seed: number
  readonly seconds: number
  readonly relay: 'native' | 'portable'
  /** Only these kinds of clients. */
  readonly only?: readonly string[]
  /** Neither drains nor restarts of the app. */
  readonly calm?: boolean
  /** Without the end by force. */
  readonly gentle?: boolean
}

export interface Findings {
  readonly wrong: readonly string[]
  readonly clients: number
  readonly tally: Readonly<Record<string, number>>
  readonly peakMiB: number
}

/** What `lastcall inject` gives the container. */
export const MEMORY_LIMIT = 256 * MIB
/** On a busy machine it takes longer until so many have come. */
const LEAST_CLIENTS = 60
/** Every phase, but short. */
export const FLAGS = [
  '--settle=100ms',
  '--quiet=100ms',
  '--lame-duck-max=300ms',
  '--connect-wait=3s',
  '--health-interval=100ms',
  '--websocket-spread=50ms',
  `--lb-health-path=${HEALTH_PATH}`,
]

/** Runs one; rejects only if the test itself fails. */
export async function campaign(t: Owner, orders: Orders): Promise<Findings> {
  const random = new Random(orders.seed)
  const ledger = new Ledger()
  const app = new ChaosApp(ledger, new Random(orders.seed + 1), await freePort())
  await app.start()
  t.teardown(() => app.stop())
  const flags = [...FLAGS, `--relay=${orders.relay}`]
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}`, flags, from: 'dist' })
  await sidecar.ready()
  const before = await gaugesAtRest(sidecar)

  const stage = { place: sidecar.listen, ledger, random }
  const over = performance.now() + orders.seconds * 1000
  const running = () => performance.now() < over || (ledger.tally['clients'] ?? 0) < LEAST_CLIENTS
  const [clients] = await Promise.all([
    crowd(stage, kindsOf(orders.only), running),
    drains(sidecar, new Random(orders.seed + 2), () => running() && orders.calm !== true),
    restarts(app, new Random(orders.seed + 3), () => running() && orders.calm !== true),
  ])

  await balance(sidecar, before, ledger)
  const peak = memory(sidecar).peak
  if (peak > MEMORY_LIMIT) ledger.breach(`it has taken ${Math.round(peak / MIB)} MiB`)
  if (orders.gentle !== true) await endByForce(sidecar, stage, kindsOf(orders.only))
  return { wrong: ledger.wrong, clients, tally: ledger.tally, peakMiB: Math.round(peak / MIB) }
}

/** Two signals among clients: what is cut now must not look whole to anybody either. */
export async function endByForce(sidecar: Sidecar, stage: Stage, kinds: Kinds): Promise<void> {
  let last = false
  const clients = crowd(stage, kinds, () => !last)
  await sleep(300)
  last = true
  stage.ledger.ending = true
  sidecar.signal('SIGTERM')
  sidecar.signal('SIGINT')
  const { code } = await sidecar.end(10_000)
  if (code !== 0 && code !== 1) stage.ledger.breach(`it ended with ${code}`)
  await clients
}
