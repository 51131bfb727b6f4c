#!/usr/bin/env node
/** The program `kubectl-lastcall`, which kubectl runs as its plugin `kubectl lastcall`. */
import { flushed } from './cli/flushed.ts'
import { nodeProblem } from './cli/node-version.ts'
import { kubectlLastcall } from './tools/cluster/command-line.ts'

// `kubectl lastcall status | head`: a closed pipe is not an error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const problem = nodeProblem(process.versions.node)
if (problem !== undefined) process.stderr.write(`error: ${problem}\n`)
const code = problem === undefined ? await kubectlLastcall(process.argv.slice(2)) : 2
await flushed()
process.exit(code)
