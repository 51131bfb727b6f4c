/**
 * Ticks finer than a millisecond, for the open loop: a thread that sleeps until each next tick and then knocks. Timers of
 * an event loop are too coarse, and a loop that spins instead would take the processor from the app beside it.
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

interface Orders {
  /** In milliseconds of the epoch: the clocks of two threads begin at different times. */
  readonly firstAt: number
  readonly everyMs: number
  readonly stop: Int32Array
}

/**
 * Calls `tick` at `firstAt` (of `performance.now()`) and every `everyMs` from there, until the returned function is
 * called. A late tick is one tick, not several, and does not shift those after it.
 */
export function metronome(firstAt: number, everyMs: number, tick: () => void): () => void {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const orders: Orders = { firstAt: performance.timeOrigin + firstAt, everyMs, stop }
  const worker = new Worker(new URL(import.meta.url), { workerData: orders })
  worker.on('message', tick)
  return () => {
    Atomics.store(stop, 0, 1)
    Atomics.notify(stop, 0)
    worker.off('message', tick)
  }
}

function beat({ firstAt, everyMs, stop }: Orders): void {
  let next = firstAt - performance.timeOrigin
  while (Atomics.load(stop, 0) === 0) {
    const wait = next - performance.now()
    if (wait > 0) Atomics.wait(stop, 0, 0, wait)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    parentPort?.postMessage(0)
    const missed = Math.max(0, Math.floor((performance.now() - next) / everyMs))
    next += (missed + 1) * everyMs
  }
}

if (!isMainThread) beat(workerData as Orders)
