/**
 * Scenario 3, idle connections: what ten thousand of them weigh in the proxy's own memory (the kernel's part is not in
 * it), and the latency of others meanwhile. `used` have had one request, so that a relay holds an app connection for each.
 */

import type { Manner } from '../load/messages.ts'
import { mostConnections, type Rig } from '../rig.ts'
import { latencyFinding } from './latency.ts'
import { residentBytes } from './resident.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const WANTED = 10_000
const ACTIVE = 64
const PER_SECOND = 500
const WARM_SECONDS = 0.5
const SETTLE_MS = 300

export const idle: Scenario = {
  name: 'idle',
  title: 'Ten thousand idle connections',
  rounds: 1,
  run: async (rig, rounds) => {
    await interleave(rig, 'idle', rounds, [idleCase(rig, 'silent'), idleCase(rig, 'used')], 'case')
  },
}

/** As many as are wanted, or as this machine's limit of open files allows. */
function idleCase(rig: Rig, manner: Manner): Case {
  const connections = Math.min(WANTED, mostConnections() - 2 * ACTIVE)
  return {
    name: `${connections} ${manner} connections`,
    async measure(peer) {
      // What a proxy grows by under its first load, it would have grown by without any idle connection.
      await rig.measure(peer, { kind: 'closed', connections: ACTIVE, path: '/s' }, WARM_SECONDS)
      const before = residentBytes(peer)
      const gathered = await rig.load({ kind: 'gather', port: peer.port, connections, manner })
      try {
        if (gathered.kind !== 'gathered') throw new Error(gathered.kind)
        await new Promise((resolve) => {
          setTimeout(resolve, SETTLE_MS)
        })
        const each = (residentBytes(peer) - before) / gathered.open
        const task = { kind: 'open', connections: ACTIVE, path: '/s', perSecond: PER_SECOND } as const
        const finding = latencyFinding(await rig.measure(peer, task, 1), rig.options.cpus.loadCpus)
        const lost = gathered.lost > 0 ? [`${gathered.lost} not accepted`] : []
        return {
          values: { ...finding.values, bytesEach: each },
          marks: [...finding.marks, ...lost],
        }
      } finally {
        await rig.load({ kind: 'disperse' })
      }
    },
  }
}
