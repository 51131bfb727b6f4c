/** What the lifecycle orders, done to the pieces: orders go down here, and only here. */
import type { Config } from './config/config.ts'
import type { Door } from './door.ts'
import type { Checkers } from './health/checkers.ts'
import { watchApps } from './health/watches.ts'
import type { Performer } from './lifecycle/performer.ts'
import type { Runner } from './lifecycle/runner.ts'
import type { Clock } from './process/clock.ts'
import { writeTerminationLog } from './process/termination-log.ts'
import type { Relay } from './relay/relay.ts'
import type { View } from './view.ts'

export interface Pieces {
  readonly config: Pick<Config, 'ports'>
  readonly clock: Clock
  readonly relay: Relay
  readonly door: Door
  /** Those that take part in the ring of orders and reports: asked for when the first order comes. */
  readonly runner: () => Runner
  readonly checkers: () => Checkers
  readonly view: () => View
  readonly exit: (code: 0 | 1) => void
}

/** The performer of a runner's effects. */
export function createPerformer({
  config,
  clock,
  relay,
  door,
  runner,
  checkers,
  view,
  exit,
}: Pieces): Performer {
  const apps = config.ports.map(({ app }) => app)
  let watching: { stop(): void } | undefined
  const watchEvents = {
    onGone() {
      // The lifecycle first: then it is known whether this end was expected.
      runner().appGone()
      checkers().appGone()
    },
    onBack: () => runner().appBack(),
    onRestarted: () => runner().appRestarted(),
  }
  return {
    setStop: (at) => relay.setStop(at),
    closeListener: () => door.close(),
    openListener: () => door.open(),
    setClientMode: (clientMode) => relay.setClientMode(clientMode),
    queueRequests: (on) => relay.queueRequests(on),
    appLost: (on) => relay.appLost(on),
    watchApp(on) {
      watching?.stop()
      watching = on ? watchApps({ apps, clock }, watchEvents) : undefined
    },
    closeIdle() {
      // The listeners go first: whoever is in their queues is served like everybody else.
      void door.settled.then(() => relay.closeIdle()).then(() => runner().idleClosed())
    },
    cut: () => relay.cut(),
    verdict(record) {
      view().concluded(record)
      if (record.outcome === 'exited') writeTerminationLog(record.text)
    },
    exit,
  }
}
