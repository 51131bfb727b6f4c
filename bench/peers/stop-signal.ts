/**
 * What a container runtime does with an image's STOPSIGNAL, as a program: `node stop-signal.ts SIGNAL PROGRAM ARGS...`. The
 * kubelet of the rehearsal knows SIGTERM only; nginx and HAProxy stop gracefully on others.
 */

import { spawn } from 'node:child_process'

const [signal, program, ...args] = process.argv.slice(2)

const child = spawn(program!, args, { stdio: 'inherit' })
process.on('SIGTERM', () => child.kill(signal as NodeJS.Signals))
child.on('error', (error) => {
  console.error(error.message)
  process.exit(127)
})
child.on('exit', (code) => process.exit(code ?? 1))
