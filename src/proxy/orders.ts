/** Carries out the orders of the lifecycle. All orders pass through here. */
import type { Logger } from 'pino'
import { shownRequest } from './admin/status.ts'
import type { Config } from './config/config.ts'
import type { Listeners } from './listeners.ts'
import type { Checkers } from './health/checkers.ts'
import { watchApps } from './health/watches.ts'
import type { Performer } from './lifecycle/performer.ts'
import type { Runner } from './lifecycle/runner.ts'
import type { Clock } from './process/clock.ts'
import { writeTerminationLog } from './process/termination-log.ts'
import type { Relay } from './relay/relay.ts'
import type { View } from './view.ts'

/** How many of the requests that are cut the log names, the oldest first. */
const CUT_SHOWN = 20

export interface Pieces {
  readonly config: Pick<Config, 'ports'>
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
  readonly relay: Relay
  readonly listeners: Listeners
  /**
   * These exist only after the runner, which needs this performer, so they are looked up when the first order comes.
   */
  readonly runner: () => Runner
  readonly checkers: () => Checkers
  readonly view: () => View
  readonly exit: (code: 0 | 1) => void
}

/** Returns the performer of a runner's effects. */
export function createPerformer({
  config,
  clock,
  log,
  relay,
  listeners,
  runner,
  checkers,
  view,
  exit,
}: Pieces): Performer {
  const apps = config.ports.map(({ app }) => app)
  let watching: { stop(): void } | undefined
  const watchEvents = {
    onGone() {
      // The lifecycle first: it knows whether the app was expected to end.
      runner().appGone()
      checkers().appGone()
    },
    onBack: () => runner().appBack(),
    onRestarted: () => runner().appRestarted(),
  }
  return {
    setStop: (at) => relay.setStop(at),
    closeListener: () => listeners.close(),
    openListener: () => listeners.open(),
    setClientMode: (clientMode) => relay.setClientMode(clientMode),
    queueRequests: (on) => relay.queueRequests(on),
    appLost: (on) => relay.appLost(on),
    watchApp(on) {
      watching?.stop()
      watching = on ? watchApps({ apps, clock }, watchEvents) : undefined
    },
    closeIdle() {
      // The listeners first, so that clients in their queues are served like all others.
      void listeners.settled.then(() => relay.closeIdle()).then(() => runner().idleClosed())
    },
    cut() {
      const left = [...relay.requests(clock.now())]
      const requests = left.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, CUT_SHOWN)
      if (left.length > 0)
        log.warn({ requests: requests.map(shownRequest) }, `cutting what is in flight: ${left.length}`)
      return relay.cut()
    },
    verdict(record) {
      view().concluded(record)
      if (record.outcome === 'exited') writeTerminationLog(record.text)
    },
    exit,
  }
}
