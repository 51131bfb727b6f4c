/**
 * Which processor does what: the proxy gets one of its own where there are two, so that its time is not mixed up with
 * that of the load. The app and the load generator share the rest. Only plans; child.ts applies it with taskset.
 */

import { availableParallelism } from 'node:os'

export interface CpuPlan {
  /** Lists for taskset, or undefined where there is nothing to choose. */
  readonly proxy: string | undefined
  readonly app: string | undefined
  readonly load: string | undefined
  /** How many processors the app and the load generator have together. */
  readonly loadCpus: number
  /** In words, for the report. */
  readonly text: string
}

/** The plan for so many processors. */
export function planCpus(count: number = availableParallelism()): CpuPlan {
  if (process.platform !== 'linux' || count < 2) {
    return { proxy: undefined, app: undefined, load: undefined, loadCpus: 1, text: 'nothing is pinned' }
  }
  if (count === 2) {
    const text = 'the proxy is pinned to CPU 1, the app and the load generator to CPU 0'
    return { proxy: '1', app: '0', load: '0', loadCpus: 1, text }
  }
  const load = count === 3 ? '2' : `2-${count - 1}`
  const text = `the proxy is pinned to CPU 1, the app to CPU 0, the load generator to CPU ${load}`
  return { proxy: '1', app: '0', load, loadCpus: 2, text }
}
