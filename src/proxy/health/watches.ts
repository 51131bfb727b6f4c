/**
 * Watches all ports of an app. The app has gone when all of its ports have gone, and is back when all are back: if an
 * app has several containers, the restart of one takes only some of the ports away. Shell.
 */
import type { Address } from '../config/config.ts'
import type { Clock } from '../process/clock.ts'
import { type WatchEvents, watchApp } from './watch.ts'

export interface WatchesEvents extends WatchEvents {
  /** Some of the app's ports had gone, and now all are there again. */
  onRestarted(): void
}

export interface WatchesOptions {
  /** At least one. */
  readonly apps: readonly Address[]
  readonly clock: Clock
}

/**
 * Reports the first result for all ports together, and then each change. Never throws. @returns a function that ends
 * the watch.
 */
export function watchApps({ apps, clock }: WatchesOptions, events: WatchesEvents): { stop(): void } {
  const seen = new Map<number, 'gone' | 'there'>()
  let told: 'nothing' | 'gone' | 'there' = 'nothing'
  /** Some ports have gone, but not all. */
  let missed = false
  const learn = (index: number, what: 'gone' | 'there'): void => {
    seen.set(index, what)
    if (what === 'gone' && told !== 'gone') missed = true
    if (seen.size < apps.length || [...seen.values()].some((other) => other !== what)) return
    const restarted = missed
    missed = false
    if (what === told && !restarted) return
    told = what
    if (what === 'gone') events.onGone()
    else if (restarted) events.onRestarted()
    else events.onBack()
  }
  const watches = apps.map((app, index) =>
    watchApp({ app, clock }, { onGone: () => learn(index, 'gone'), onBack: () => learn(index, 'there') }),
  )
  return {
    stop() {
      for (const watch of watches) watch.stop()
    },
  }
}
