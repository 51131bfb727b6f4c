/** Scenario 3, bodies: uploads and downloads, in bytes a second, processor time per MiB, and resident memory. */

import type { Rig } from '../rig.ts'
import { marksOf } from './marks.ts'
import { peakOf } from './resident.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SIZES = [
  { bytes: 64 * KIB, name: '64 KiB', connections: 16 },
  { bytes: MIB, name: '1 MiB', connections: 16 },
  { bytes: 100 * MIB, name: '100 MiB', connections: 2 },
]

export const bodies: Scenario = {
  name: 'bodies',
  title: 'Uploads and downloads',
  rounds: 3,
  run: (rig, rounds) => interleave(rig, 'bodies', rounds, casesOf(rig)),
}

function casesOf(rig: Rig): Case[] {
  return (['download', 'upload'] as const).flatMap((kind) =>
    SIZES.map(({ bytes, name, connections }) => ({
      name: `${kind} of ${name}, ${connections} connections`,
      async measure(peer) {
        const peak = peakOf(peer)
        const measured = await rig.measure(peer, { kind, bytes, connections }, 0.45)
        const mib = measured.bytes / MIB
        return {
          values: {
            cpuUsPerMiB: measured.proxyCpuUs / mib,
            gibPerSecond: mib / 1024 / measured.seconds,
            busy: measured.proxyCpuUs / measured.seconds / 1e6,
            peakMiB: peak(),
          },
          marks: marksOf(measured, rig.options.cpus.loadCpus),
        }
      },
    })),
  )
}
