/** What happens to lastcall while clients are there: drains that are taken back, hooks that no stop follows, an app that restarts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sidecar } from '../fixtures/sidecar.ts'
import type { Random } from '../fuzz/random.ts'
import type { ChaosApp } from './app.ts'
import type { Ledger } from './ledger.ts'

export async function drains(sidecar: Sidecar, random: Random, running: () => boolean): Promise<void> {
  while (running()) {
    await sleep(random.below(1000))
    await sidecar.ask('POST', '/drain')
    await sleep(random.below(900))
    await sidecar.ask('POST', '/resume')
  }
}

export async function restarts(app: ChaosApp, random: Random, running: () => boolean): Promise<void> {
  while (running()) {
    await sleep(random.below(1500))
    await app.restart()
  }
}

/** How a hook that no stop follows ends. */
const WAYS = ['resumed', 'resumed', 'false alarm', 'the app restarts'] as const

/**
 * Hooks, none of which a stop follows: an operator takes the drain back, or it is found to be a false alarm, or the app
 * restarts, as it does when its liveness probe fails. The hook of the sidecar is proof of a stop: meanwhile connections
 * are refused, and an app that went away would end lastcall, so that one never gets to the third.
 */
export async function alarms(
  { sidecar, app, ledger }: { readonly sidecar: Sidecar; readonly app: ChaosApp; readonly ledger: Ledger },
  random: Random,
  running: () => boolean,
): Promise<void> {
  while (running()) {
    await sleep(random.below(500))
    const proof = random.chance(30)
    const way = random.pick(WAYS)
    if (proof) ledger.refusing = true
    ledger.count(`hooks of the ${proof ? 'sidecar' : 'app'}`)
    const hook = sidecar.ask('GET', `/prestop/${proof ? 'sidecar' : 'app'}`)
    if (way === 'resumed') {
      await sleep(random.below(1000))
      await sidecar.ask('POST', '/resume')
      await hook
    } else {
      await hook
      if (way === 'the app restarts' && !proof) await app.restart()
    }
    await sidecar.phase('serving')
    if (proof) {
      // It serves, but its listener may take a moment to open again; then it is ready.
      await sidecar.ready()
      ledger.epoch += 1
      ledger.refusing = false
    }
  }
}
