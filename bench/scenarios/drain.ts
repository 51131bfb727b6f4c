/**
 * Scenario 5, drain quality: the miniature rollout with each way to stop a pod. Failed requests, time until the old
 * replica is gone, time in which it still got new connections, acknowledged work lost.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../src/tools/rehearsal/report.ts'
import { start } from '../child.ts'
import { median } from '../report/stats.ts'
import type { Rig } from '../rig.ts'
import { strategies } from '../rollout/strategies.ts'
import type { Sample } from '../sample.ts'
import type { Scenario } from './scenario.ts'

/** Side by side: a rollout mostly waits. More, and the rehearsals would make each other late. */
const AT_A_TIME = 3
/** The harness itself may be late by so much before its word counts less. */
const LATE_MS = 100
const WITHIN_MS = 240_000
const REPLICAS = 3
const CASE = '3 replicas replaced, one after the other'

export const drain: Scenario = {
  name: 'drain',
  title: 'Drain quality in a rollout',
  rounds: 1,
  run: async (rig, rounds) => {
    const names = (await strategies()).map(({ name }) => name)
    const jobs = Array.from({ length: rounds }, (_, round) =>
      names.map((name) => ({ name, round: round + 1 })),
    ).flat()
    let done = 0
    const work = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        rig.options.progress(
          `drain: ${done} of ${names.length * rounds} done, ${job.name}, round ${job.round}`,
        )
        rig.note(await rehearsed(rig, job.name, job.round))
        done += 1
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
  },
}

async function rehearsed(rig: Rig, name: string, round: number): Promise<Sample> {
  const base = { scenario: 'drain', case: CASE, peer: name, round }
  const path = fileURLToPath(new URL('../rollout/rehearsal.ts', import.meta.url))
  const env = { TMPDIR: rig.folder }
  const child = start([process.execPath, path, name, String(round)], { keepsAll: true, env })
  const over = new AbortController()
  const late = delay(WITHIN_MS, undefined, { signal: over.signal }).then(
    () => child.stop(),
    () => undefined,
  )
  await child.ended
  over.abort()
  await late
  if (child.process.exitCode !== 0) {
    rig.options.progress(`drain: ${name} failed`)
    return { ...base, values: {}, marks: [`failed: ${child.said().slice(-200)}`] }
  }
  return { ...base, ...figures(JSON.parse(child.answer()) as Report) }
}

function figures(report: Report): Pick<Sample, 'values' | 'marks' | 'pods'> {
  const { failures, ledger, worstLatenessMs } = report
  // Those that the rollout replaced; the others were killed when all was over.
  const pods = report.pods.slice(0, REPLICAS)
  const gone = pods.map(({ goneMs }) => goneMs / 1000)
  const killed = pods.filter((pod) => pod.killed).length
  return {
    values: {
      requests: report.requests,
      failed: failures.length,
      lost: ledger?.lost.length ?? 0,
      goneSeconds: median(gone),
      goneMostSeconds: Math.max(...gone),
      newWorkSeconds: Math.max(...pods.map(({ lastConnectionMs }) => (lastConnectionMs ?? 0) / 1000)),
      rolloutSeconds: median(report.rolloutMs) / 1000,
    },
    marks: [
      ...(worstLatenessMs > LATE_MS ? [`harness late by ${Math.round(worstLatenessMs)} ms`] : []),
      ...(killed > 0 ? [`${killed} pods killed`] : []),
    ],
    pods: pods.map(({ pod, goneMs, lastConnectionMs }) => ({
      goneMs,
      lastConnectionMs: lastConnectionMs ?? 0,
      failuresMs: failures.flatMap((failure) => (failure.pod === pod ? [failure.sinceDeletionMs ?? 0] : [])),
    })),
  }
}
