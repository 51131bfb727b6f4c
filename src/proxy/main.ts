/**
 * The program as a story: make the pieces, connect them with plain functions, run until the lifecycle says exit. Facts
 * go up (relay, health, signals and admin to the lifecycle), orders go down (lifecycle to relay); no piece knows
 * another.
 */

import { openAdmin } from './admin-port.ts'
import type { Admin } from './admin/server.ts'
import { printAddress } from './config/address.ts'
import type { Config, ListenAddress } from './config/config.ts'
import { portNames } from './config/ports.ts'
import { Listeners } from './listeners.ts'
import { type Checkers, startCheckers } from './health/checkers.ts'
import { type Budget, budget } from './lifecycle/budget.ts'
import { lbHealthy } from './lifecycle/readiness.ts'
import { createRunner, type Runner } from './lifecycle/runner.ts'
import { nativeWay } from './native-way.ts'
import { createPerformer } from './orders.ts'
import { type Clock, systemClock } from './process/clock.ts'
import { keepHeapSmall } from './process/heap.ts'
import { keepLimit, type LimitKeeper } from './process/limit-keeper.ts'
import { createLog, type Log } from './process/log.ts'
import { releaseProblem } from './process/node-release.ts'
import { onceASecond } from './process/once-a-second.ts'
import type { Signals } from './process/signals.ts'
import { Relay } from './relay/relay.ts'
import type { Writer } from './sockets/native.ts'
import { View } from './view.ts'

/** The exit code if only a change of the configuration can help. */
const CANNOT_START = 2

/**
 * Runs the proxy until it has drained. Takes over `signals` once it listens; a signal that arrives before ends it at
 * once. `version` returns the version of lastcall. Resolves with the exit code: 0 nothing was cut, 1 something was cut,
 * 2 it could not start.
 */
export async function run(config: Config, signals: Signals, version: () => string): Promise<number> {
  const clock = systemClock
  const log = createLog(config.logLevel)
  const ofNode = releaseProblem(process.versions.node)
  if (ofNode !== undefined) log.warn(ofNode)
  const sums = budget(config)
  if (sums.kind === 'impossible') {
    for (const problem of sums.problems) log.fatal(problem)
    return CANNOT_START
  }
  const limits = keepLimit(config, clock, log)
  if (limits === undefined) return CANNOT_START
  if (await endsBeforeStart(signals, log)) return 0

  const native = await nativeWay(config.relay, clock, log)
  const pieces = assemble({ config, clock, log, limits, native, times: sums.budget, version })
  const { checkers, listeners, relay, runner, view } = pieces
  let admin: Admin | undefined
  try {
    // The admin server first, so that probes get an answer before clients can connect.
    admin = await openAdmin({ config, clock, log, limits, relay, listeners, runner, view })
    if (await endsBeforeStart(signals, log)) {
      checkers.stop()
      await admin.close(0)
      return 0
    }
    const where = await listeners.first()
    view.started = true
    log.info({ ...listensAt(config, where), admin: bound(config.admin, admin.port) }, 'listening')
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error))
    checkers.stop()
    await admin?.close(0)
    return CANNOT_START
  }

  runner.start()
  signals.handTo((name) => runner.signal(name))
  const code = await pieces.ended
  checkers.stop()
  await admin.close()
  await relay.closed()
  return code
}

interface Given {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly limits: LimitKeeper
  readonly native: Writer | undefined
  readonly times: Budget
  readonly version: () => string
}

interface Pieces {
  readonly relay: Relay
  readonly listeners: Listeners
  readonly runner: Runner
  readonly checkers: Checkers
  readonly view: View
  /** Resolves with the exit code when the lifecycle has ended. */
  readonly ended: Promise<number>
}

/** Makes the pieces and connects them: their reports go to the lifecycle, and its orders to them. */
function assemble({ config, clock, log, limits, native, times, version }: Given): Pieces {
  const ended = Promise.withResolvers<number>()
  const relay = new Relay({
    config,
    clock,
    limit: limits.limit,
    lacked: limits.lacked,
    native,
    accessLog: (line) => log.info(line, 'request'),
    fault: onceASecond(clock, (error, leftOut) =>
      log.error(
        { err: error, ...(leftOut > 0 && { leftOut }) },
        'internal error while serving one client: its connection was reset; please report this',
      ),
    ),
    quiesced: () => runner.quiesced(),
    emptied: () => runner.lingered(),
  })
  limits.onChange = (limit) => relay.limitTo(limit)
  const listeners = new Listeners({ ports: config.ports, relay, clock, log })

  const runner: Runner = createRunner({
    clock,
    budget: times,
    view: () => relay.facts,
    tally: () => ({
      finished: relay.counters.finishedTotal,
      failed: relay.counters.failed,
      lastConnectionAt: relay.arrivals.lastConnectionAt,
      saved: relay.saved,
    }),
    effects: createPerformer({
      config,
      clock,
      log,
      relay,
      listeners,
      runner: () => runner,
      checkers: () => checkers,
      view: () => view,
      exit: (code) => ended.resolve(code),
    }),
    log,
  })

  const tellLoadBalancers = (): void => relay.setLbHealthy(lbHealthy(runner.state, checkers.status.up))
  const checkers = startCheckers(healthOptions(config, clock), {
    onUp() {
      // Only after everything that a start needs is loaded: Node's own modules load slower after this.
      keepHeapSmall()
      log.info('app: healthy')
      runner.appUp()
      tellLoadBalancers()
    },
    onDown(why, index) {
      const port = index === undefined ? undefined : view.ports[index]!.name
      const whose = port === undefined ? 'app' : `app of port ${port}`
      log[view.appEnded ? 'info' : 'warn'](
        { why, ...(port !== undefined && { port }) },
        `${whose}: down: ${why}`,
      )
      runner.appDown()
      tellLoadBalancers()
    },
    onLate(why, seconds) {
      if (runner.phase === 'starting') log.warn({ why }, `app: not healthy yet after ${seconds} s: ${why}`)
    },
  })
  const view = new View({ config, relay, listeners, runner, checkers, clock, version })
  runner.onPhase((phase) => {
    view.entered(phase)
    tellLoadBalancers()
  })
  return { relay, listeners, runner, checkers, view, ended: ended.promise }
}

function healthOptions(config: Config, clock: Clock): Parameters<typeof startCheckers>[0] {
  return {
    apps: config.ports.map(({ app }) => app),
    health: config.health,
    headers: config.healthHeaders,
    healthPolicy: config.healthPolicy,
    intervalMs: config.healthIntervalMs,
    timeoutMs: config.healthTimeoutMs,
    failures: config.healthFailures,
    successes: config.healthSuccesses,
    clock,
  }
}

/** Whether a signal has already arrived. Nobody could connect yet, so there is nothing to drain. */
async function endsBeforeStart(signals: Signals, log: Log): Promise<boolean> {
  const name = await signals.early()
  if (name === undefined) return false
  log.info(`${name} arrived before the listener was open: nothing to drain`)
  return true
}

/** For the log: where clients connect, and if there are several ports, the app behind each. */
function listensAt({ ports }: Config, where: readonly ListenAddress[]): object {
  if (where.length === 1) return { listen: bound(where[0]!, where[0]!.port) }
  return {
    ports: portNames(where).map((port, index) => ({
      port,
      listen: bound(where[index]!, where[index]!.port),
      app: printAddress(ports[index]!.app),
      protocol: ports[index]!.protocol,
    })),
  }
}

/** The bound address; if port 0 was configured, with the port that the kernel chose. */
function bound({ host = '::', ...rest }: ListenAddress, port: number): string {
  return printAddress({ ...rest, host, port })
}
