/** What makes a measurement doubtful, judged the same way everywhere. */

import type { Measured } from '../load/messages.ts'

/** Above this share of its processors the load had nothing left; below that of its own the proxy had. */
const FULL = 0.9
/** What other processes of the machine may use, of one processor, before it is worth a word. */
const OTHERS = 0.15
/** A generator that hands out requests later than this measures itself. */
const LATE_US = 1000

/** Errors and lateness, and whether a proxy was held back by the load: then its throughput is only a lower bound. */
export function marksOf(measured: Measured, loadCpus: number): string[] {
  const marks: string[] = []
  const wallUs = measured.seconds * 1e6
  const proxyBusy = measured.proxyCpuUs / wallUs
  const loadBusy = (measured.appCpuUs + measured.ownCpuUs) / (wallUs * loadCpus)
  if (measured.proxyCpuUs > 0 && proxyBusy < FULL && loadBusy >= FULL) marks.push('load-bound')
  const others =
    (measured.machineCpuUs - measured.proxyCpuUs - measured.appCpuUs - measured.ownCpuUs) / wallUs
  if (others > OTHERS) marks.push(`others used ${others.toFixed(2)} CPU`)
  if (measured.lateUs > LATE_US) marks.push('late generator')
  if (measured.errors > 0) marks.push(`${measured.errors} errors: ${measured.firstError ?? ''}`)
  return marks
}
