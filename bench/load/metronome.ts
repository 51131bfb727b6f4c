/**
 * Ticks finer than a millisecond, for the open loop: a thread that sleeps until each next tick and then knocks. Timers of
 * an event loop are too coarse, and a loop that spins instead would take the processor from the app beside it.
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

interface Orders {
  readonly everyMs: number
  readonly stop: Int32Array
}

/** Calls `tick` every `everyMs` until the returned function is called. A late tick is one tick, not several. */
export function metronome(everyMs: number, tick: () => void): () => void {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const worker = new Worker(new URL(import.meta.url), { workerData: { everyMs, stop } satisfies Orders })
  worker.on('message', tick)
  return () => {
    Atomics.store(stop, 0, 1)
    Atomics.notify(stop, 0)
    worker.off('message', tick)
  }
}

function beat({ everyMs, stop }: Orders): void {
  let next = performance.now() + everyMs
  while (Atomics.load(stop, 0) === 0) {
    const wait = next - performance.now()
    if (wait > 0) Atomics.wait(stop, 0, 0, wait)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    parentPort?.postMessage(0)
    next = Math.max(next + everyMs, performance.now())
  }
}

if (!isMainThread) beat(workerData as Orders)
