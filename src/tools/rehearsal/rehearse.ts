/**
 * A rollout in miniature, from the first pod to the report: a Service, a Deployment, clients under way all the time,
 * every replica replaced several times in the kubelet's order. Puts the pieces together; what they mean is in the
 * report. Used by the tests and by `lastcall rehearse`.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Deployment } from './deployment.ts'
import { Service } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import { Load } from './load.ts'
import { fullMix, type Plan } from './mix.ts'
import { Node } from './node.ts'
import { pause } from './pause.ts'
import { freePort, randomPorts } from './ports.ts'
import { QUARTER, type RollingLimits } from './rolling.ts'
import { Random } from './random.ts'
import { type Journal, type Report, reportOf } from './report.ts'
import type { AppSpec, Strategy } from './strategies.ts'

export interface RehearsalOptions {
  readonly strategy: Strategy
  readonly replicas?: number
  readonly rollouts?: number
  /** A quarter each by default, as in Kubernetes. */
  readonly rolling?: RollingLimits
  readonly seed?: number
  /** The pods' terminationGracePeriodSeconds, in milliseconds. */
  readonly graceMs?: number
  /** How late the Service learns of a change, in milliseconds. */
  readonly lagMs?: readonly [number, number]
  readonly plans?: readonly Plan[]
  /**
   * Clients of other protocols, beside the plans': given the origins of the Service and of those of the other ports, they
   * work until the signal, and end.
   */
  readonly companions?: (
    origin: string,
    random: Random,
    signal: AbortSignal,
    others: readonly string[],
  ) => Promise<unknown>
  /** The plans' clients ask the other ports as well, those that speak HTTP. */
  readonly askOthers?: boolean
  /** The pods' other ports, each with what lastcall relays there. */
  readonly others?: readonly ('auto' | 'tcp')[]
  /** The bundled app by default. Only that one keeps a ledger. */
  readonly app?: AppSpec
  /** How long the bundled app keeps an idle connection. */
  readonly appIdleMs?: number
  /** How long a pod may take to become ready. */
  readonly readyWithinMs?: number
  readonly progress?: (line: string) => void
}

/** Load before the first and after the last replacement, to see the state that is the measure. */
const BEFORE_MS = 1500
const AFTER_MS = 1500
/** A pod's start takes about 150 ms of a processor (two programs of Node), and it is ready a second later at the earliest. */
const STARTS_PER_PROCESSOR = 2
/** Of more pods than this, progress names none; it counts them, so many at a time. */
const NAMED_PODS = 10

/** Runs a whole rehearsal. Rejects only if it could not be run: failed requests are the report's matter. */
export async function rehearse(options: RehearsalOptions): Promise<Report> {
  return reportOf(await recordRehearsal(options))
}

/** The same, with all that happened instead of what it comes to: for timelines. */
export async function recordRehearsal(options: RehearsalOptions): Promise<Journal> {
  const { strategy, replicas = 3, rollouts = 2, seed = 1, graceMs = 30_000, lagMs = [200, 2000] } = options
  const { rolling = QUARTER, plans = fullMix(), progress = () => {}, readyWithinMs = 30_000 } = options
  const random = new Random(seed)
  const bundled = options.app === undefined ? await bundledApp(options.appIdleMs) : undefined
  const app = options.app ?? bundled!.app
  const events: PodEvent[] = []
  let load: Load | undefined
  let gone = 0
  const so = () => `${load?.requests.length ?? 0} requests, ${load?.failures ?? 0} failed`
  const serve = () => new Service({ random: random.fork(), lagMs, choose: 'random' })
  const service = serve()
  const others = (options.others ?? []).map((protocol) => ({ protocol, service: serve() }))
  const services = [service, ...others.map((one) => one.service)]
  const portRandom = randomPorts()
  const taken = new Set<number>()
  const port = () => freePort(portRandom, taken)
  const note = (event: PodEvent) => {
    events.push(event)
    if (load === undefined) return
    if (event.what === 'gone') gone += 1
    if (replicas <= NAMED_PODS) {
      if (event.what === 'deleted') progress(`${strategy.name}: ${event.pod} is being stopped`)
      if (event.what === 'gone') progress(`${strategy.name}: ${event.pod} is gone, ${so()}`)
    } else if (event.what === 'gone' && gone % NAMED_PODS === 0)
      progress(`${strategy.name}: ${gone} of ${replicas * rollouts} pods are gone, ${so()}`)
  }
  const node = new Node(note)
  const deployment = new Deployment({
    node,
    replicas,
    rolling,
    startsAtOnce: STARTS_PER_PROCESSOR * availableParallelism(),
    service,
    others: others.map((one) => one.service),
    readyWithinMs,
    note,
    async describe(name) {
      const [forApp, traffic, admin] = [await port(), await port(), await port()]
      const more = []
      // oxlint-disable-next-line no-await-in-loop -- a port that is free is asked for one after the other
      for (const { protocol } of others) more.push({ app: await port(), traffic: await port(), protocol })
      const ports = { app: forApp, traffic, admin, others: more }
      return strategy.pod({ name, app, ports, graceMs })
    },
  })
  const lateness = monitorEventLoopDelay({ resolution: 5 })
  const never = new AbortController().signal
  try {
    const [origin = '', ...otherOrigins] = await Promise.all(services.map((one) => one.listen()))
    progress(`${strategy.name}: starting ${replicas} ${replicas === 1 ? 'pod' : 'pods'}`)
    await deployment.start()
    while (services.some(({ pending }) => pending > 0)) await pause(20, never)
    lateness.enable()
    load = new Load(origin, plans, random.fork())
    const askedOthers = otherOrigins.filter(
      (_, index) => options.askOthers === true && others[index]!.protocol !== 'tcp',
    )
    const loads = [load, ...askedOthers.map((other) => new Load(other, plans, random.fork()))]
    const company = new AbortController()
    const companions = options.companions?.(origin, random.fork(), company.signal, otherOrigins)
    const rolloutMs: number[] = []
    try {
      await pause(BEFORE_MS, never)
      for (let count = 1; count <= rollouts; count += 1) {
        const beganAt = performance.now()
        await deployment.roll()
        await deployment.gone()
        rolloutMs.push(performance.now() - beganAt)
        progress(`${strategy.name}: rollout ${count} of ${rollouts} done, ${so()}`)
      }
      await pause(AFTER_MS, never)
    } finally {
      company.abort()
      await Promise.all([...loads.map((one) => one.stop()), companions])
    }
    lateness.disable()
    return {
      strategy: strategy.name,
      seed,
      rolloutMs,
      requests: loads.flatMap(({ requests }) => requests),
      // As they are now: the end of the rehearsal, which kills what is left, is not part of it.
      connections: services.flatMap(({ connections }) =>
        connections.map((connection) => ({ ...connection })),
      ),
      events: events.toSorted((one, other) => one.at - other.at),
      ledger: bundled && (await readLedger(bundled.ledger)),
      output: node.output('lastcall'),
      worstLatenessMs: lateness.max / 1e6,
    }
  } finally {
    load = undefined
    await node.close()
    await Promise.all(services.map((one) => one.close()))
    if (bundled !== undefined) await rm(bundled.folder, { recursive: true, force: true })
  }
}

/** The bundled app, with a ledger in a folder of its own. */
async function bundledApp(idleMs = 75_000): Promise<{ app: AppSpec; folder: string; ledger: string }> {
  const script = fileURLToPath(new URL(`./app${extname(import.meta.filename)}`, import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'lastcall-rehearsal-'))
  const ledger = join(folder, 'ledger')
  const app: AppSpec = {
    command: (port) => [process.execPath, script, String(port)],
    env: { LEDGER: ledger, IDLE_MS: String(idleMs) },
    healthPath: '/',
  }
  return { app, folder, ledger }
}

/** The ids in the ledger, each as often as it was applied; one that was cut in the middle of its line is not there. */
async function readLedger(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line.includes(' '))
    .map((line) => line.slice(0, line.indexOf(' ')))
}
