/** What is counted while a load runs, and the window in which it counts: after the warm-up, until the end. */

import { setTimeout as delay } from 'node:timers/promises'
import { cpuUs, machineCpuUs } from '../proc.ts'
import type { Measured, TimedTask } from './messages.ts'

export class Tally {
  requests = 0
  bytes = 0
  errors = 0
  firstError: string | undefined
  /** Within the window. */
  measuring = false

  failed(why: string): void {
    this.errors += 1
    this.firstError ??= why
  }
}

/**
 * Lets a load that has been started warm up, then measures it. The load goes on; its caller ends it.
 * `bytes` says how many there have been, where the tally does not count them.
 */
export async function measure(
  task: TimedTask,
  tally: Tally,
  bytes: () => number = () => tally.bytes,
): Promise<Omit<Measured, 'latencyUs' | 'lateUs'>> {
  const read = () => {
    const { user, system } = process.cpuUsage()
    return {
      at: performance.now(),
      requests: tally.requests,
      bytes: bytes(),
      proxy: cpuUs(task.proxy),
      app: cpuUs(task.app),
      own: user + system,
      machine: machineCpuUs(),
    }
  }
  await delay(task.warmMs)
  const before = read()
  tally.measuring = true
  await delay(task.measureMs)
  tally.measuring = false
  const after = read()
  return {
    kind: 'measured',
    seconds: (after.at - before.at) / 1000,
    requests: after.requests - before.requests,
    bytes: after.bytes - before.bytes,
    errors: tally.errors,
    firstError: tally.firstError,
    proxyCpuUs: after.proxy - before.proxy,
    appCpuUs: after.app - before.app,
    ownCpuUs: after.own - before.own,
    machineCpuUs: after.machine - before.machine,
  }
}
