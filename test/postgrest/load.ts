/** Load on some replicas, and a look at how many of them are ready. */
import { until } from '../fixtures/until.ts'
import { type Caller, type Failure, startCallers } from './callers.ts'
import type { Replica } from './stages.ts'

/** Clients of every kind at each of these origins, each of which has been answered some times. */
export async function load(origins: readonly string[], name = 'item', each?: number): Promise<Caller[]> {
  const callers = origins.flatMap((origin, i) => startCallers(origin, `${name}-${i}`, each))
  await until('load of every kind', () => callers.every((caller) => caller.answered >= 3), 20_000)
  return callers
}

/** Resolves when each of them has succeeded some times more. */
export async function succeeding(callers: readonly Caller[]): Promise<void> {
  const before = callers.map(({ succeeded }) => succeeded)
  await until(
    'success of all',
    () => callers.every((caller, i) => caller.succeeded >= before[i]! + 3),
    60_000,
  )
}

export async function stopAll(callers: readonly Caller[]): Promise<void> {
  for (const caller of callers) caller.stop()
  await Promise.all(callers.map((caller) => caller.done))
}

export function failures(callers: readonly Caller[]): Failure[] {
  return callers.flatMap((caller) => caller.failures)
}

/** Asks all of them at once whether they are ready, again and again until `least` is called: how many it were at least. */
export function watchReadiness(replicas: readonly Replica[]): { least(): Promise<number> } {
  const watch = new AbortController()
  const watching = (async () => {
    let least = replicas.length
    while (!watch.signal.aborted) {
      const answers = await Promise.all(replicas.map(({ sidecar }) => sidecar.ask('GET', '/readyz')))
      least = Math.min(least, answers.filter(({ status }) => status === 200).length)
    }
    return least
  })()
  return {
    async least() {
      watch.abort()
      return watching
    },
  }
}
