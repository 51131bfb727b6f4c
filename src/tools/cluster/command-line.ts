/**
 * From the command line of `kubectl lastcall` to one of its commands, and to the exit code. Ctrl-C asks the command to
 * end in good order; a second one ends the process.
 */
import { readFileSync } from 'node:fs'
import { didYouMean } from '../../proxy/config/suggest.ts'
import { readAsked, shellLine } from './arguments.ts'
import { DONE, FAILED, INTERRUPTED, MISTAKE, type Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { commandHelp, mainHelp } from './help.ts'
import { reasonOf } from './kubectl.ts'
import { ownKubectl } from './own-kubectl.ts'
import { Printer } from './printer.ts'

/** Runs `kubectl lastcall ARGV`. Resolves to the exit code. */
export async function kubectlLastcall(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  const command = COMMANDS.find(({ name }) => name === first)
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || first === 'help') {
    const asked = command ?? COMMANDS.find(({ name }) => first === 'help' && name === rest[0])
    print(asked === undefined ? mainHelp(COMMANDS) : commandHelp(asked))
    return argv.length === 0 ? MISTAKE : DONE
  }
  if (argv.includes('--version') || first === 'version') {
    print(version())
    return DONE
  }
  if (command !== undefined) return run(command, rest)
  const names = COMMANDS.map(({ name }) => name)
  const why = first!.startsWith('-')
    ? `${first}: name a command first (${names.join(', ')}), then its options`
    : `${first}: no such command${didYouMean(first!, names)}`
  return mistakes([why], 'kubectl lastcall --help')
}

async function run(command: Command, argv: readonly string[]): Promise<number> {
  const outcome = readAsked(argv, command)
  const problems = outcome.kind === 'problems' ? outcome.problems : (command.problems?.(outcome.asked) ?? [])
  if (outcome.kind === 'problems' || problems.length > 0)
    return mistakes(problems, `kubectl lastcall ${command.name} --help`)
  const { asked } = outcome
  const stop = new AbortController()
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED)
    stop.abort()
  }
  // SIGHUP: the terminal is closed.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt)
  if (command.endsUnread === true) process.stdout.on('error', () => stop.abort())
  const dumb = process.env['TERM'] === 'dumb'
  const printer = new Printer(process.stdout, process.stderr, asked.output, dumb)
  const line = shellLine(['kubectl', 'lastcall', command.name, ...argv])
  const kubectl = ownKubectl(process.env['KUBECTL'], asked.kubectlFlags)
  try {
    return await command.run({ asked, line, kubectl, printer, stop: stop.signal, version: version() })
  } catch (error) {
    printer.settle()
    // Whoever pressed Ctrl-C knows why a kubectl ended that was waiting.
    if (reasonOf(error) === 'interrupted' || (stop.signal.aborted && isAbort(error))) return INTERRUPTED
    // kubectl's own words, or a sentence of ours.
    printer.warn(error instanceof Error ? error.message : String(error))
    return FAILED
  } finally {
    kubectl.end()
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function mistakes(problems: readonly string[], help: string): number {
  const title = problems.length === 1 ? '1 error' : `${problems.length} errors`
  process.stderr.write(
    `${[`kubectl lastcall: ${title}`, ...problems.map((one) => `  ${one}`), `See ${help}`].join('\n')}\n`,
  )
  return MISTAKE
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** From package.json, which lies three folders up from here, in src as in dist. */
function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
