#!/usr/bin/env node
/** The program `kubectl-lastcall`: as a plugin of kubectl, `kubectl lastcall`. */
import { kubectlLastcall } from './tools/cluster/command-line.ts'

// `kubectl lastcall status | head`: a reader that has left is no error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exit(await kubectlLastcall(process.argv.slice(2)))
