/** `kubectl lastcall` as its users run it: the program, from the sources, with the kubectl of the test. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const PLUGIN = fileURLToPath(new URL('../../src/kubectl.ts', import.meta.url))

export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs it to its end; `seen` is called with each line of its output, and may send it a signal (Ctrl-C: SIGINT). */
export async function plugin(
  command: string,
  args: readonly string[],
  seen: (line: string, signal: (name: NodeJS.Signals) => void) => void = () => {},
): Promise<Said> {
  const env = { ...process.env, KUBECTL: command }
  const child = spawn(process.execPath, [PLUGIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    seen(line, (name) => child.kill(name))
  })
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  )
  const [err, code] = await Promise.all([text(child.stderr), ended])
  return { code, out: lines.join('\n'), err: err.trim() }
}
