/** Scenario 4: from exec to the first served request, and what is resident when nothing happens. */

import { setTimeout as delay } from 'node:timers/promises'
import { DIRECT } from '../peers/peer.ts'
import { family, memory } from '../proc.ts'
import { firstAnswer, type Rig } from '../rig.ts'
import type { Scenario } from './scenario.ts'

const WITHIN_MS = 5000
const IDLE_FOR_MS = 500
const MIB = 1024 * 1024

export const start: Scenario = {
  name: 'start',
  title: 'Start, and memory at rest',
  rounds: 3,
  run: async (rig, rounds) => {
    for (let round = 1; round <= rounds; round += 1) {
      for (const rival of rig.options.rivals) {
        if (rival.name === DIRECT) continue
        rig.options.progress(`start: round ${round} of ${rounds}, ${rival.name}`)
        const found = await startOnce(rig, rival)
        rig.note({ scenario: 'start', case: 'first served request', peer: rival.name, round, ...found })
      }
    }
  },
}

async function startOnce(rig: Rig, rival: Rig['options']['rivals'][number]) {
  const places = await rig.places()
  const { command, env } = rival.launch(places)
  const began = performance.now()
  const child = rig.spawn(command, env)
  try {
    // As often as the event loop turns: a refused connection costs tens of microseconds.
    while (!(await firstAnswer(places.listen))) {
      if (child.process.exitCode !== null || performance.now() - began > WITHIN_MS) {
        return { values: {}, marks: [`failed: ${child.said().slice(0, 200)}`] }
      }
      await delay(1)
    }
    const startMs = performance.now() - began
    await delay(IDLE_FOR_MS)
    return { values: { startMs, idleMiB: memory(family(child.pid)).resident / MIB }, marks: [] }
  } finally {
    await child.stop()
  }
}
