/**
 * A child process of the demo, line by line. In a process group of its own: a Ctrl-C at the terminal goes to the whole
 * group in the foreground, and these have to outlive it in order to drain.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Child {
  /** The exit code; 128 and the signal's number are not told apart from 1. */
  readonly ended: Promise<number>
  signal(name: NodeJS.Signals): void
}

/** Runs a script with this Node; `line` gets each line of its stdout and stderr. */
export function startChild(script: string, args: readonly string[], line: (text: string) => void): Child {
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', line)
  // Nothing of the demo stays behind, however it ends.
  const killed = () => child.kill('SIGKILL')
  process.on('exit', killed)
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      process.off('exit', killed)
      resolve(code ?? 1)
    })
  })
  return { ended, signal: (name) => void child.kill(name) }
}
