#!/usr/bin/env node
/** The program `kubectl-lastcall`: as a plugin of kubectl, `kubectl lastcall`. */
import { flushed } from './cli/flushed.ts'
import { nodeProblem } from './cli/node-version.ts'
import { kubectlLastcall } from './tools/cluster/command-line.ts'

// `kubectl lastcall status | head`: a reader that has left is no error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const problem = nodeProblem(process.versions.node)
if (problem !== undefined) process.stderr.write(`error: ${problem}\n`)
const code = problem === undefined ? await kubectlLastcall(process.argv.slice(2)) : 2
await flushed()
process.exit(code)
