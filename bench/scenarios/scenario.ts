/** The shape of a scenario, and the loop that nearly all of them have: rounds, in each every case, in each every peer. */

import type { Rig, Running } from '../rig.ts'
import type { Sample } from '../sample.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** How often it is repeated unless the command line says otherwise. */
  readonly rounds: number
  readonly run: (rig: Rig, rounds: number) => Promise<void>
}

export type Finding = Pick<Sample, 'values' | 'marks' | 'curve'>

export interface Case {
  readonly name: string
  readonly measure: (running: Running) => Promise<Finding>
}

/**
 * Interleaved rounds: whatever slows the machine down for a while slows everybody down. Peers are started once, and their
 * order changes from round to round. A peer that fails is noted and left out of the rest of the scenario.
 */
export async function interleave(
  rig: Rig,
  scenario: string,
  rounds: number,
  cases: readonly Case[],
): Promise<void> {
  const running: Running[] = []
  const failed = (peer: string, one: string, round: number, error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error)
    rig.options.progress(`${scenario}: ${peer} failed: ${why}`)
    rig.note({ scenario, case: one, peer, round, values: {}, marks: [`failed: ${why.slice(0, 200)}`] })
  }
  try {
    for (const rival of rig.options.rivals) {
      try {
        running.push(await rig.launch(rival))
      } catch (error) {
        failed(rival.name, 'start', 0, error)
      }
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const one of cases) {
        for (const peer of rotated(running, round)) {
          rig.options.progress(`${scenario}: round ${round} of ${rounds}, ${one.name}, ${peer.name}`)
          try {
            const finding = await one.measure(peer)
            rig.note({ scenario, case: one.name, peer: peer.name, round, ...finding })
          } catch (error) {
            failed(peer.name, one.name, round, error)
          }
        }
      }
    }
  } finally {
    await Promise.all(running.map((peer) => peer.stop()))
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const from = by % Math.max(1, items.length)
  return [...items.slice(from), ...items.slice(0, from)]
}
