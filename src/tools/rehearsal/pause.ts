/** Waiting, bounded and revocable: the three forms that the rehearsal needs. */

import { setTimeout as delay } from 'node:timers/promises'

/** Waits `ms`; answers false at once when `signal` is or gets aborted, true when the time has passed. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  try {
    await delay(Math.max(0, ms), undefined, { signal })
    return true
  } catch {
    return false
  }
}

/** Waits for `work`, at most `ms`; answers whether it came in time. A failure of `work` counts as its end. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  try {
    const ended = work.then(
      () => true,
      () => true,
    )
    return await Promise.race([ended, pause(ms, timer.signal).then(() => false)])
  } finally {
    timer.abort()
  }
}

/**
 * Lets the event loop look at its sockets `times` times. After a timer has fired, what the kernel had already
 * delivered by then (a FIN above all) has been seen when this answers.
 */
export async function pollSockets(times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
