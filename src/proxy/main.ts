/**
 * The program as a story: make the pieces, wire them with plain functions, run until the lifecycle says exit.
 * Facts go up (relay, health, signals, admin to the lifecycle), orders go down (lifecycle to the relay); no piece
 * knows another.
 */

import { NONE_REFUSED } from './admin/refusals.ts'
import { type Admin, startAdmin } from './admin/server.ts'
import { type Clock, systemClock } from './process/clock.ts'
import { printAddress } from './config/address.ts'
import type { Config, ListenAddress } from './config/config.ts'
import { Door } from './door.ts'
import { type Checker, startChecker } from './health/checker.ts'
import { watchApp } from './health/watch.ts'
import { keepHeapSmall } from './process/heap.ts'
import { budget } from './lifecycle/budget.ts'
import { lbHealthy } from './lifecycle/machine.ts'
import { createRunner, type Performer, type Runner } from './lifecycle/runner.ts'
import { keepLimit } from './process/limit-keeper.ts'
import { createLog, type Log } from './process/log.ts'
import { onceASecond } from './process/once-a-second.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Writer } from './sockets/native.ts'
import { proveNative } from './sockets/proof.ts'
import { Relay } from './relay/relay.ts'
import type { Signals } from './process/signals.ts'
import { writeTerminationLog } from './process/termination-log.ts'
import { View } from './view.ts'

/** The exit code for what only a change of configuration can mend. */
const CANNOT_START = 2

/**
 * Runs the proxy until it has drained, and takes over `signals` once it listens; one that came before ends it at once.
 * Resolves with the exit code: 0 nothing was cut, 1 something was, 2 it could not start.
 */
export async function run(config: Config, signals: Signals): Promise<number> {
  const clock = systemClock
  const log = createLog(config.logLevel)
  const sums = budget(config)
  if (sums.kind === 'impossible') {
    for (const problem of sums.problems) log.fatal(problem)
    return CANNOT_START
  }
  const limits = keepLimit(config.maxConnections, clock, log)
  if (limits === undefined) return CANNOT_START
  if (await endsBeforeStart(signals, log)) return 0

  let watching: { stop(): void } | undefined
  let admin: Admin | undefined
  const ended = Promise.withResolvers<number>()

  const relay = new Relay({
    config,
    clock,
    limit: limits.limit,
    lacked: limits.lacked,
    native: await nativeWay(config.relay, clock, log),
    accessLog: (line) => log.info(line, 'request'),
    fault: onceASecond(clock, (error, leftOut) =>
      log.error(
        { err: error, ...(leftOut > 0 && { leftOut }) },
        'lastcall failed while it worked for one client, and reset that connection; please report this',
      ),
    ),
    quiesced: () => runner.quiesced(),
    emptied: () => runner.lingered(),
  })

  limits.onChange = (limit) => relay.limitTo(limit)

  const door = new Door({ listen: config.listen, relay, clock, log })
  const performer: Performer = {
    closeListener: () => door.close(),
    openListener: () => door.open(),
    setClientMode: (clientMode) => relay.setClientMode(clientMode),
    queueRequests: (on) => relay.queueRequests(on),
    appLost: (on) => relay.dialer.lost(on),
    watchApp(on) {
      watching?.stop()
      watching = on ? watchApp({ app: config.app, clock }, watchEvents) : undefined
    },
    closeIdle() {
      // The listener goes first: whoever is in its queue is served like everybody else.
      void door.settled.then(() => relay.closeIdle()).then(() => runner.idleClosed())
    },
    cut: () => relay.cut(),
    verdict(record) {
      view.concluded(record)
      if (record.outcome === 'exited') writeTerminationLog(record.text)
    },
    exit: (code) => ended.resolve(code),
  }

  const runner: Runner = createRunner({
    clock,
    budget: sums.budget,
    view: () => relay.facts,
    tally: () => ({
      finished: relay.counters.finishedTotal,
      lastConnectionAt: relay.arrivals.lastConnectionAt,
    }),
    effects: performer,
    log,
  })

  const watchEvents = {
    onGone() {
      // The lifecycle first: then it is known whether this end was expected.
      runner.appGone()
      checker.appGone()
    },
    onBack: () => runner.appBack(),
  }
  const checker: Checker = startChecker(
    {
      app: config.app,
      health: config.health,
      headers: config.healthHeaders,
      healthPolicy: config.healthPolicy,
      intervalMs: config.healthIntervalMs,
      timeoutMs: config.healthTimeoutMs,
      failures: config.healthFailures,
      successes: config.healthSuccesses,
      clock,
    },
    {
      onUp() {
        // Not before all that a start needs is loaded: Node's own modules load slower after it.
        keepHeapSmall()
        log.info('app: healthy')
        runner.appUp()
        tellLoadBalancers()
      },
      onDown(why) {
        log[view.appEnded ? 'info' : 'warn']({ why }, `app: down: ${why}`)
        runner.appDown()
        tellLoadBalancers()
      },
    },
  )
  const tellLoadBalancers = (): void => relay.setLbHealthy(lbHealthy(runner.state, checker.status.up))
  const view = new View({ config, relay, door, runner, checker, clock })
  // Loaded by the first scrape: nobody who starts has to wait for it.
  let metrics: Metrics | undefined
  const loadMetrics = async (): Promise<Metrics> => {
    const { createMetrics } = await import('./metrics/metrics.ts')
    return (metrics ??= createMetrics({
      counters: relay.counters,
      phase: () => runner.phase,
      appUp: () => checker.status.up,
      drain: () => view.drainFacts,
      adminRefused: () => admin?.refused ?? NONE_REFUSED,
      sockets: () => relay.counters.clients + relay.counters.apps + (admin?.connections ?? 0),
      listeners: () => (admin === undefined ? 0 : 1) + (door.isOpen ? 1 : 0),
    }))
  }
  runner.onPhase((phase) => {
    view.entered(phase)
    tellLoadBalancers()
  })

  try {
    admin = await startAdmin({
      listen: config.admin,
      token: config.token,
      hookAllow: config.hookAllow,
      limits: { connections: limits.limit.admin, waitingHooks: Math.floor(limits.limit.admin / 2) },
      view: {
        ready: () => view.ready,
        started: () => view.started,
        status: () => view.status,
        metrics: async () => (await loadMetrics()).scrape(),
      },
      commands: {
        hook: (call, gone) => runner.hook(call, gone),
        drain() {
          runner.drain()
          return runner.phase
        },
        resume: () => ({ ok: runner.resume(), phase: runner.phase }),
      },
      log,
    })
    if (await endsBeforeStart(signals, log)) {
      checker.stop()
      await admin.close(0)
      return 0
    }
    const port = await door.first()
    view.started = true
    log.info({ listen: bound(config.listen, port), admin: bound(config.admin, admin.port) }, 'listening')
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error))
    checker.stop()
    await admin?.close(0)
    return CANNOT_START
  }

  runner.start()
  signals.handTo((name) => runner.signal(name))
  const code = await ended.promise
  checker.stop()
  await admin.close()
  await relay.closed()
  return code
}

/** What writes to handles if the native path is wanted and works here; the log says which path is used. */
async function nativeWay(wanted: Config['relay'], clock: Clock, log: Log): Promise<Writer | undefined> {
  if (wanted === 'portable') {
    log.info('relay: portable (chosen with --relay)')
    return undefined
  }
  const proof = await proveNative(clock)
  if (proof.kind === 'native') {
    log.info('relay: native')
    return proof.writer
  }
  log.warn(`relay: portable (${proof.why})`)
  return undefined
}

/** Whether a signal has come already. Nobody could connect yet, so there is nothing to drain. */
async function endsBeforeStart(signals: Signals, log: Log): Promise<boolean> {
  const name = await signals.early()
  if (name === undefined) return false
  log.info(`${name} arrived before the listener was open: nothing to drain`)
  return true
}

/** An address as it is bound, with the port that the kernel chose where 0 was asked for. */
function bound({ host = '::', ...rest }: ListenAddress, port: number): string {
  return printAddress({ ...rest, host, port })
}
