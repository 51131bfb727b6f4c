/**
 * The benchmark, as a program: `npm run bench -- [SCENARIO...]`. Reads the command line, finds the peers, runs one
 * scenario after the other, writes the results. What is measured and why: README.md beside it.
 */

import { cpus as processors, release, totalmem } from 'node:os'
import { planCpus } from './cpus.ts'
import { HELP, readOptions, type BenchOptions } from './options.ts'
import { PEERS } from './peers/catalog.ts'
import { DIRECT } from './peers/peer.ts'
import { Progress } from './progress.ts'
import { formatVerdicts } from './report/markdown.ts'
import { withAdded } from './report/added.ts'
import { rowsOf } from './report/stats.ts'
import { judge } from './report/targets.ts'
import { writeResults } from './report/write.ts'
import { Rig } from './rig.ts'
import type { Results } from './sample.ts'
import { SCENARIOS } from './scenarios/catalog.ts'

/** Returns the names of the scenarios that failed. */
async function main(options: BenchOptions): Promise<readonly string[]> {
  const chosen = SCENARIOS.filter(({ name, onlyNamed }) =>
    options.scenarios.length === 0 ? onlyNamed !== true : options.scenarios.includes(name),
  )
  const unknown = options.scenarios.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name))
  if (unknown.length > 0) {
    const known = SCENARIOS.map(({ name }) => name).join(', ')
    throw new Error(`${unknown.join(', ')}: no such scenario; there are ${known}`)
  }
  const { present, missing } = findPeers(options)
  for (const { name, why } of missing) console.error(`not measured: ${name} (${why})`)

  const plan = planCpus()
  const progress = new Progress(chosen.map(({ name }) => name))
  const rivals = present.map(({ name, lacks = {}, launch }) => ({ name, lacks, launch }))
  const rig = new Rig({ cpus: plan, rivals, pace: options.pace, progress: (line) => progress.show(line) })
  const failed: string[] = []
  try {
    await rig.open()
    for (const scenario of chosen) {
      progress.begin(scenario.name)
      try {
        await scenario.run(rig, options.rounds ?? scenario.rounds)
      } catch (error) {
        // What the other scenarios have measured is not lost.
        failed.push(scenario.name)
        console.error(
          `bench: ${scenario.name} failed: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  } finally {
    await rig.close()
    progress.end()
  }

  const results: Results = {
    date: new Date().toISOString(),
    machine: machine(),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(
      ' ',
    ),
    pinning: plan.text,
    peers: present.map(({ name, version, about }) => ({ name, version, about })),
    missing,
    samples: rig.samples,
  }
  const files = writeResults(results, { name: options.name, docs: options.docs && failed.length === 0 })
  console.log(
    formatVerdicts(judge(rowsOf(withAdded(results.samples))).filter(({ met }) => met !== undefined)),
  )
  console.log(`\n${files.join('\n')}`)
  if (options.docs && failed.length > 0)
    console.error(`bench: docs/performance.md stays as it was: ${failed.join(', ')} failed`)
  return failed
}

function findPeers(options: BenchOptions) {
  const wanted = options.peers
  const unknown = (wanted ?? []).filter((name) => !PEERS.some((peer) => peer.name === name))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such peer`)
  const present = []
  const missing = []
  for (const { name, about, lacks, onlyNamed, locate } of PEERS) {
    const isWanted = wanted === undefined ? onlyNamed !== true : name === DIRECT || wanted.includes(name)
    if (!isWanted) continue
    const located = locate(options.paths)
    if (located.kind === 'found') present.push({ name, about, lacks, ...located })
    else missing.push({ name, why: located.why })
  }
  return { present, missing }
}

function machine(): Record<string, string> {
  const all = processors()
  return {
    processors: `${all.length} × ${all[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  }
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) console.log(HELP)
  const failed = options.help ? [] : await main(options)
  process.exit(failed.length > 0 ? 1 : 0)
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
