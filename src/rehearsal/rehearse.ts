/**
 * A rollout in miniature, from the first pod to the report: a Service, a Deployment, clients under way all the time,
 * every replica replaced several times in the kubelet's order. Puts the pieces together; what they mean is in the
 * report. Used by the tests and by `lastcall rehearse`.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Deployment } from './deployment.ts'
import { Service } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import { Load } from './load.ts'
import { fullMix, type Plan } from './mix.ts'
import { pause } from './pause.ts'
import { freePort } from './ports.ts'
import { Random } from './random.ts'
import { type Journal, type Report, reportOf } from './report.ts'
import type { AppSpec, Strategy } from './strategies.ts'

export interface RehearsalOptions {
  readonly strategy: Strategy
  readonly replicas?: number
  readonly rollouts?: number
  readonly seed?: number
  /** The pods' terminationGracePeriodSeconds, in milliseconds. */
  readonly graceMs?: number
  /** How late the Service learns of a change, in milliseconds. */
  readonly lagMs?: readonly [number, number]
  readonly plans?: readonly Plan[]
  /** The bundled app by default. Only that one keeps a ledger. */
  readonly app?: AppSpec
  /** How long the bundled app keeps an idle connection. */
  readonly appIdleMs?: number
  readonly progress?: (line: string) => void
}

/** Load before the first and after the last replacement, to see the state that is the measure. */
const BEFORE_MS = 1500
const AFTER_MS = 1500

/** Runs a whole rehearsal. Rejects only if it could not be run: failed requests are the report's matter. */
export async function rehearse(options: RehearsalOptions): Promise<Report> {
  const { strategy, replicas = 3, rollouts = 2, seed = 1, graceMs = 30_000, lagMs = [200, 2000] } = options
  const { plans = fullMix(), progress = () => {} } = options
  const random = new Random(seed)
  const folder = await mkdtemp(join(tmpdir(), 'lastcall-rehearsal-'))
  const ledger = join(folder, 'ledger')
  const app = options.app ?? bundledApp(ledger, options.appIdleMs)
  const events: PodEvent[] = []
  const service = new Service({ random: random.fork(), lagMs, choose: 'random' })
  const portRandom = new Random(seed ^ process.pid)
  const taken = new Set<number>()
  const port = () => freePort(portRandom, taken)
  const deployment = new Deployment({
    replicas,
    service,
    note: (event) => events.push(event),
    async describe(name) {
      const [forApp, traffic, admin] = [await port(), await port(), await port()]
      const ports = { app: forApp, traffic, admin }
      return strategy.pod({ name, app, ports, graceMs })
    },
  })
  const lateness = monitorEventLoopDelay({ resolution: 5 })
  const never = new AbortController().signal
  try {
    const origin = await service.listen()
    await deployment.start()
    while (service.pending > 0) await pause(20, never)
    lateness.enable()
    const load = new Load(origin, plans, random.fork())
    const rolloutMs: number[] = []
    try {
      await pause(BEFORE_MS, never)
      for (let count = 1; count <= rollouts; count += 1) {
        const beganAt = performance.now()
        await deployment.roll()
        await deployment.gone()
        rolloutMs.push(performance.now() - beganAt)
        progress(
          `${strategy.name}: rollout ${count} of ${rollouts}, ${load.requests.length} requests, ${load.failures} failed`,
        )
      }
      await pause(AFTER_MS, never)
    } finally {
      await load.stop()
    }
    lateness.disable()
    const journal: Journal = {
      strategy: strategy.name,
      seed,
      rolloutMs,
      requests: load.requests,
      connections: service.connections,
      events,
      ledger: options.app === undefined ? await readLedger(ledger) : undefined,
      output: new Map(deployment.pods.map((pod) => [pod.spec.name, pod.lines('lastcall') ?? []])),
      worstLatenessMs: lateness.max / 1e6,
    }
    return reportOf(journal)
  } finally {
    await deployment.stop()
    await service.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function bundledApp(ledger: string, idleMs = 75_000): AppSpec {
  const script = fileURLToPath(new URL(`./app${extname(import.meta.filename)}`, import.meta.url))
  return {
    command: (port) => [process.execPath, script, String(port)],
    env: { LEDGER: ledger, IDLE_MS: String(idleMs) },
    healthPath: '/',
  }
}

/** The ids in the ledger, each as often as it was applied; one that was cut in the middle of its line is not there. */
async function readLedger(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line.includes(' '))
    .map((line) => line.slice(0, line.indexOf(' ')))
}
