/**
 * What Linux tells of a process and its children in /proc: processor time and memory. Knows no benchmark.
 * proc_pid_stat(5), proc_pid_status(5), proc_pid_clear_refs(5).
 */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const MICROSECONDS_PER_TICK = 1e6 / TICKS_PER_SECOND

/** A process and all that it has started, and they. Those that have ended are left out. */
export function family(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    const children = text === '' ? [] : text.split(' ').map(Number)
    return [pid, ...children.flatMap(family)]
  } catch {
    return [pid]
  }
}

/** User and system time of these processes since their start, in microseconds, to the kernel's tick (mostly 10 ms). */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processorTicks(pid), 0) * MICROSECONDS_PER_TICK
}

function processorTicks(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in brackets may hold blanks; utime and stime are fields 14 and 15.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}

/** What all processors of the machine have worked since it started, in microseconds; idle and waiting left out. */
export function machineCpuUs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync(
    '/proc/stat',
    'latin1',
  )
    .slice(5, 200)
    .split('\n')[0]!
    .split(' ')
    .map(Number)
  return (user + nice + system + irq + softirq + steal) * MICROSECONDS_PER_TICK
}

export interface Memory {
  /** Resident now, and at most since the last `forgetPeak`, in bytes. */
  readonly resident: number
  readonly peak: number
}

/** Resident memory of these processes together. Pages that they share count for each. */
export function memory(pids: readonly number[]): Memory {
  let resident = 0
  let peak = 0
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1')
    resident += kib(text, 'VmRSS')
    peak += kib(text, 'VmHWM')
  }
  return { resident, peak }
}

/** Lets the peak begin anew at what is resident now. */
export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function kib(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}
