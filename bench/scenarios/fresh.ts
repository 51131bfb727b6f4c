/** Scenario 3, new connections: each request on a connection of its own, which the client closes after the answer. */

import type { Rig } from '../rig.ts'
import { marksOf } from './marks.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const AT_A_TIME = 16

export const fresh: Scenario = {
  name: 'fresh',
  title: 'A new connection for each request',
  rounds: 3,
  run: (rig, rounds) => interleave(rig, 'fresh', rounds, [caseOf(rig)]),
}

function caseOf(rig: Rig): Case {
  return {
    name: `${AT_A_TIME} at a time, 60 bytes`,
    async measure(peer) {
      const measured = await rig.measure(peer, { kind: 'fresh', connections: AT_A_TIME, path: '/s' }, 1)
      const { requests, seconds } = measured
      return {
        values: {
          cpuUs: measured.proxyCpuUs / requests,
          perSecond: requests / seconds,
          busy: measured.proxyCpuUs / seconds / 1e6,
        },
        marks: marksOf(measured, rig.options.cpus.loadCpus),
      }
    },
  }
}
