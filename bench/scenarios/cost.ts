/**
 * Scenario 2: what a request costs. Closed loop on keep-alive connections; processor time of the proxy over requests
 * served, and how many a second one processor manages.
 */

import type { Rig } from '../rig.ts'
import { marksOf } from './marks.ts'
import { peakOf } from './resident.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const CONNECTIONS = [1, 8, 64, 512]
const ANSWERS = [
  { path: '/s', name: '60 bytes' },
  { path: '/k', name: '4 KiB' },
]

export const cost: Scenario = {
  name: 'cost',
  title: 'Cost of a request on keep-alive connections',
  rounds: 3,
  run: (rig, rounds) => interleave(rig, 'cost', rounds, casesOf(rig)),
}

function casesOf(rig: Rig): Case[] {
  return ANSWERS.flatMap(({ path, name }) =>
    CONNECTIONS.map((connections) => ({
      name: `${connections} connections, ${name}`,
      async measure(peer) {
        const peak = peakOf(peer)
        const measured = await rig.measure(peer, { kind: 'closed', connections, path }, 0.45)
        const { requests, seconds } = measured
        return {
          values: {
            cpuUs: measured.proxyCpuUs / requests,
            perSecond: requests / seconds,
            busy: measured.proxyCpuUs / seconds / 1e6,
            peakMiB: peak(),
          },
          marks: marksOf(measured, rig.options.cpus.loadCpus),
        }
      },
    })),
  )
}
