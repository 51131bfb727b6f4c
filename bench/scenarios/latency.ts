/** Scenario 1: added latency at a fixed arrival rate, open loop. What the proxy adds is worked out in the report. */

import { PERCENTILES } from '../load/messages.ts'
import type { Measured } from '../load/messages.ts'
import type { Rig } from '../rig.ts'
import { marksOf } from './marks.ts'
import { type Case, type Finding, interleave, type Scenario } from './scenario.ts'

/** Longer where requests are fewer. The targets are at 2,000 a second. */
const RATES = [
  { perSecond: 500, seconds: 1 },
  { perSecond: 2000, seconds: 1.2 },
  { perSecond: 10_000, seconds: 0.8 },
]
const CONNECTIONS = 64

export const latency: Scenario = {
  name: 'latency',
  title: 'Latency at a fixed arrival rate',
  rounds: 3,
  run: (rig, rounds) =>
    interleave(
      rig,
      'latency',
      rounds,
      RATES.map(({ perSecond, seconds }) => latencyCase(rig, perSecond, seconds)),
    ),
}

function latencyCase(rig: Rig, perSecond: number, seconds: number): Case {
  return {
    name: `${perSecond} a second`,
    async measure(peer) {
      const task = { kind: 'open', connections: CONNECTIONS, path: '/s', perSecond } as const
      const measured = await rig.measure(peer, task, seconds)
      return latencyFinding(measured, rig.options.cpus.loadCpus)
    },
  }
}

/** The numbers of an open loop. */
export function latencyFinding(measured: Measured, loadCpus: number): Finding {
  const at = (percentile: number): number => measured.latencyUs[PERCENTILES.indexOf(percentile)]!
  return {
    values: {
      p50Us: at(50),
      p90Us: at(90),
      p99Us: at(99),
      p999Us: at(99.9),
      maxUs: at(100),
      lateUs: measured.lateUs,
      perSecond: measured.requests / measured.seconds,
      cpuUs: measured.proxyCpuUs / measured.requests,
    },
    marks: marksOf(measured, loadCpus),
    curve: measured.latencyUs,
  }
}
