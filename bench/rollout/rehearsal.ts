/**
 * One rehearsal, as a process of its own: `node rehearsal.ts STRATEGY SEED` prints its report as JSON. A process each keeps
 * one strategy's many requests from making another's harness late.
 */

import { rehearse } from '../../src/tools/rehearsal/rehearse.ts'
import { strategies } from './strategies.ts'

// Its pods' processes end when it exits, which a signal alone would not let it do.
process.on('SIGTERM', () => process.exit(1))
const [name, seed] = process.argv.slice(2)
const strategy = (await strategies()).find((one) => one.name === name)
if (strategy === undefined) throw new Error(`${name}: no such strategy`)
const report = await rehearse({ strategy, seed: Number(seed), replicas: 3, rollouts: 1, graceMs: 60_000 })
process.stdout.write(JSON.stringify(report), () => process.exit(0))
