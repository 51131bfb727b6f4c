/** Scenario 3, hostile: a thousand clients that send their head byte by byte and never end it, beside normal load. */

import type { Rig } from '../rig.ts'
import { latencyFinding } from './latency.ts'
import { peakOf } from './resident.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const SLOW = 1000
const PER_SECOND = 2000
const CONNECTIONS = 64

export const hostile: Scenario = {
  name: 'hostile',
  title: 'Slow heads beside normal load',
  rounds: 1,
  run: (rig, rounds) => interleave(rig, 'hostile', rounds, [caseOf(rig)]),
}

function caseOf(rig: Rig): Case {
  return {
    name: `${SLOW} slow heads, ${PER_SECOND} a second`,
    async measure(peer) {
      const peak = peakOf(peer)
      await rig.load({ kind: 'gather', port: peer.port, connections: SLOW, manner: 'slow' })
      try {
        const task = { kind: 'open', connections: CONNECTIONS, path: '/s', perSecond: PER_SECOND } as const
        const finding = latencyFinding(await rig.measure(peer, task, 2), rig.options.cpus.loadCpus)
        return { ...finding, values: { ...finding.values, peakMiB: peak() } }
      } finally {
        await rig.load({ kind: 'disperse' })
      }
    },
  }
}
