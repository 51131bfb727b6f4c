/** The shape of a scenario, and the loop that nearly all of them have: rounds, in each every case, in each every peer. */

import type { Protocol } from '../peers/peer.ts'
import type { Rig, Rival, Running } from '../rig.ts'
import type { Sample } from '../sample.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** How often it is repeated unless the command line says otherwise. */
  readonly rounds: number
  /** Left out of a full round: it is run when it is named. */
  readonly onlyNamed?: boolean
  readonly run: (rig: Rig, rounds: number) => Promise<void>
}

export type Finding = Pick<Sample, 'values' | 'marks' | 'curve'>

export interface Case {
  readonly name: string
  /** What a peer must speak to be measured; one that does not is noted. */
  readonly protocol?: Protocol
  readonly measure: (running: Running) => Promise<Finding>
}

/**
 * Interleaved rounds: whatever slows the machine down for a while slows everybody down. Peers are started once, and their
 * order changes from round to round. A peer that cannot be started is noted and left out. `anew` says when peers are
 * started: for memory, what the case before has left behind would count.
 */
export async function interleave(
  rig: Rig,
  scenario: string,
  rounds: number,
  cases: readonly Case[],
  anew: 'scenario' | 'case' = 'scenario',
): Promise<void> {
  const running = new Map<string, Running>()
  const broken = new Set<string>()
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((peer) => peer.stop()))
    running.clear()
  }
  const launch = async (rival: Rival): Promise<Running> => {
    broken.add(rival.name)
    const peer = await rig.launch(rival)
    broken.delete(rival.name)
    running.set(rival.name, peer)
    return peer
  }
  const turn = async (rival: Rival, one: Case, round: number): Promise<void> => {
    const { name } = rival
    const sample = { scenario, case: one.name, peer: name, round }
    const lack = one.protocol === undefined ? undefined : rival.lacks[one.protocol]
    if (lack !== undefined) {
      if (round === 1) rig.note({ ...sample, values: {}, marks: [`does not speak ${one.protocol}: ${lack}`] })
      return
    }
    rig.options.progress(`${scenario}: round ${round} of ${rounds}, ${one.name}, ${name}`)
    try {
      const peer = running.get(name) ?? (await launch(rival))
      rig.note({ ...sample, ...(await one.measure(peer)) })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      rig.options.progress(`${scenario}: ${name} failed: ${why}`)
      rig.note({ ...sample, values: {}, marks: [`failed: ${why.slice(0, 200)}`] })
    }
    if (anew === 'case') await stop()
  }
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const one of cases) {
        for (const rival of rotated(rig.options.rivals, round)) {
          if (!broken.has(rival.name)) await turn(rival, one, round)
        }
      }
    }
  } finally {
    await stop()
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const from = by % Math.max(1, items.length)
  return [...items.slice(from), ...items.slice(0, from)]
}
