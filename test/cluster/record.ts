/**
 * Stands between a command and kubectl, and writes down what kubectl answers, for test/cluster/recorded:
 * `KUBECTL='node test/cluster/record.ts FILE kubectl' kubectl-lastcall add deploy/web`.
 */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const [file = '', program = '', ...args] = process.argv.slice(2)
const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
// `kubectl proxy` says at once where it serves, and stays.
if (args[0] === 'proxy') child.stdout.on('data', (chunk: Buffer) => process.stdout.write(chunk))
const [out, err, code] = await Promise.all([
  text(child.stdout),
  text(child.stderr),
  new Promise<number>((resolve) => child.on('close', (ended) => resolve(ended ?? 1))),
])
const said = args.join(' ').replace(/--patch-file=\S+/, '--patch-file=FILE')
appendFileSync(file, `${JSON.stringify({ args: said, out: short(out), err, code })}\n`)
if (args[0] !== 'proxy') process.stdout.write(out)
process.stderr.write(err)
process.exitCode = code

/** Without the fields that newer kubectls hide, which are most of it. */
function short(answer: string): string {
  try {
    return JSON.stringify(
      JSON.parse(answer, (key, value: unknown) => (key === 'managedFields' ? undefined : value)),
    )
  } catch {
    return answer
  }
}
