/**
 * A campaign: lastcall as a real process before an app that misbehaves, random clients of all kinds, drains that are taken
 * back; then all clients leave, and the gauges have to balance; then it is ended by force among clients. Returns what was
 * wrong. Two runs with one seed make the same choices, but their timing differs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Gauges, gauges, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { Random } from '../fuzz/random.ts'
import { ChaosApp } from './app.ts'
import { PROTOCOL_CLIENTS } from './clients-protocols.ts'
import { type Client, HEALTH_PATH, HTTP1_CLIENTS, type Stage } from './clients.ts'
import { Ledger } from './ledger.ts'

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

export const CLIENTS: Readonly<Record<string, Client>> = { ...HTTP1_CLIENTS, ...PROTOCOL_CLIENTS }

const AT_A_TIME = 24
/** What `lastcall inject` gives the container. */
const MEMORY_LIMIT = 256 * MIB
const LIFE_MS = 30_000
const BALANCE_MS = 15_000
const FLAGS = [
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
  const running = () => performance.now() < over
  const [clients] = await Promise.all([
    crowd(stage, kindsOf(orders), running),
    drains(sidecar, new Random(orders.seed + 2), () => running() && orders.calm !== true),
    restarts(app, new Random(orders.seed + 3), () => running() && orders.calm !== true),
  ])

  await balance(sidecar, before, ledger)
  const peak = memory(sidecar).peak
  if (peak > MEMORY_LIMIT) ledger.breach(`it has taken ${Math.round(peak / MIB)} MiB`)
  if (orders.gentle !== true) await endByForce(sidecar, stage, kindsOf(orders))
  return { wrong: ledger.wrong, clients, tally: ledger.tally, peakMiB: Math.round(peak / MIB) }
}

function kindsOf({ only }: Orders): readonly (readonly [string, Client])[] {
  return Object.entries(CLIENTS).filter(([name]) => only === undefined || only.includes(name))
}

/** Clients come and go as long as it lasts. Resolves with how many there were, when the last has gone. */
async function crowd(
  stage: Stage,
  kinds: readonly (readonly [string, Client])[],
  running: () => boolean,
): Promise<number> {
  let clients = 0
  const one = async (): Promise<void> => {
    while (running()) {
      const [name, client] = stage.random.pick(kinds)
      clients += 1
      await bounded(name, client({ ...stage, random: new Random(stage.random.below(2 ** 32)) }), stage.ledger)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, one))
  return clients
}

async function bounded(name: string, client: Promise<void>, ledger: Ledger): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      ledger.breach(`${name}: a client hangs`)
      resolve()
    }, LIFE_MS)
  })
  try {
    await Promise.race([client, late])
  } catch (error) {
    ledger.breach(`${name}: ${error instanceof Error ? error.stack : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

async function drains(sidecar: Sidecar, random: Random, running: () => boolean): Promise<void> {
  while (running()) {
    await sleep(random.below(1000))
    await sidecar.ask('POST', '/drain')
    await sleep(random.below(900))
    await sidecar.ask('POST', '/resume')
  }
}

async function restarts(app: ChaosApp, random: Random, running: () => boolean): Promise<void> {
  while (running()) {
    await sleep(random.below(1500))
    await app.restart()
  }
}

/** A health check may be under way: it has a socket for a moment. */
const SPARE = 1

function balanced(now: Gauges, before: Gauges): boolean {
  const { inFlight, inFlightMetric, clients, apps } = now
  const holds = now.fds <= before.fds + SPARE && now.sockets <= before.sockets + SPARE
  return holds && inFlight + inFlightMetric + clients + apps === 0
}

/** Everybody has left: what lastcall counts, and what the kernel counts for it, is what it was before anybody came. */
async function balance(sidecar: Sidecar, before: Gauges, ledger: Ledger): Promise<void> {
  let now = before
  try {
    await until(
      'the gauges to balance',
      async () => balanced((now = await gauges(sidecar)), before),
      BALANCE_MS,
    )
    await sidecar.ready()
  } catch {
    ledger.breach(
      `not as before: ${JSON.stringify(now)}, before: ${JSON.stringify(before)}; ` +
        `in flight: ${JSON.stringify((await sidecar.status())['inFlight'])}`,
    )
  }
}

/** Two signals among clients: what is cut now must not look whole to anybody either. */
async function endByForce(
  sidecar: Sidecar,
  stage: Stage,
  kinds: readonly (readonly [string, Client])[],
): Promise<void> {
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
