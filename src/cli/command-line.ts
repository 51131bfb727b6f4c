/**
 * From the command line to what it asks for, and to the exit code. Everything heavy is loaded only where it is needed:
 * `--help` needs no proxy, and the proxy none of the commands.
 */
import { existsSync, readFileSync } from 'node:fs'
import {
  COMMANDS,
  MANIFEST_COMMANDS,
  commandHelp,
  mainHelp,
  manifestHelp,
  rehearseHelp,
  type Command,
  type ManifestCommand,
} from './help.ts'
import { readConfig } from '../proxy/config/parse.ts'
import { didYouMean } from '../proxy/config/suggest.ts'
import { endBySignals, signals } from '../proxy/process/signals.ts'

const MISTAKE = 2

async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  if (first !== undefined && !first.startsWith('-')) await endBySignals()
  const command = COMMANDS.find((name) => name === first)
  const manifest = MANIFEST_COMMANDS.find((name) => name === first)
  // What stands behind `--` is another program's.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  if (own.includes('--help') || own.includes('-h')) {
    console.log(helpOf(first))
    return 0
  }
  if (own.includes('--version')) {
    console.log(version())
    return 0
  }
  if (command !== undefined) return talk(command, rest)
  if (first === 'rehearse') return rehearse(rest)
  if (manifest !== undefined) return manifests(manifest, rest)
  if (first !== undefined && !first.startsWith('-'))
    return mistakes(
      [`${first}: no such command${didYouMean(first, [...COMMANDS, ...MANIFEST_COMMANDS, 'rehearse'])}`],
      'lastcall --help',
    )
  return proxy(argv)
}

function helpOf(first: string | undefined): string {
  const command = COMMANDS.find((name) => name === first)
  const manifest = MANIFEST_COMMANDS.find((name) => name === first)
  if (first === 'rehearse') return rehearseHelp()
  if (manifest !== undefined) return manifestHelp(manifest)
  return command === undefined ? mainHelp() : commandHelp(command)
}

async function proxy(argv: readonly string[]): Promise<number> {
  const outcome = readConfig(argv, process.env)
  if (outcome.kind === 'problems') return mistakes(outcome.problems, 'lastcall --help')
  const { run } = await import('../proxy/main.ts')
  return run(outcome.config, signals, version)
}

async function talk(command: Command, argv: readonly string[]): Promise<number> {
  const { readTarget } = await import('./target.ts')
  const outcome = readTarget(argv, process.env)
  if (outcome.kind === 'problems') return mistakes(outcome.problems, `lastcall ${command} --help`)
  const { runCommand } = await import('./commands.ts')
  return runCommand(command, outcome.target)
}

async function rehearse(argv: readonly string[]): Promise<number> {
  const { readRehearse } = await import('./rehearse-flags.ts')
  const outcome = readRehearse(argv)
  if (outcome.kind === 'problems') return mistakes(outcome.problems, 'lastcall rehearse --help')
  if (!(await hasTools('rehearse'))) return MISTAKE
  const { runRehearsal } = await import('../tools/rehearsal/command.ts')
  return taken(await runRehearsal(outcome.request, version()))
}

async function manifests(command: ManifestCommand, argv: readonly string[]): Promise<number> {
  if (!(await hasTools(command))) return MISTAKE
  const { runCheck, runInject } = await import('../tools/manifest/command.ts')
  return taken(await (command === 'inject' ? runInject(argv, version()) : runCheck(argv)))
}

/** The exit code, when what was printed has been taken: a slow pipe takes its time. */
async function taken(code: number): Promise<number> {
  const { flushed } = await import('./flushed.ts')
  await flushed()
  return code
}

/**
 * Whether the tools are here, and run in this Node: the image leaves them out, and npm only warns of an old Node. If not,
 * the user is told what to do.
 */
async function hasTools(command: string): Promise<boolean> {
  if (!existsSync(new URL('../tools', import.meta.url))) {
    console.error(
      `lastcall: the image does not contain ${command}; run it from the npm package: npx lastcall ${command}`,
    )
    return false
  }
  const { nodeProblem } = await import('./node-version.ts')
  const problem = nodeProblem(process.versions.node)
  if (problem !== undefined) console.error(`lastcall: ${problem}`)
  return problem === undefined
}

/** All of them at once, on stderr. */
function mistakes(problems: readonly string[], help: string): number {
  const title = problems.length === 1 ? '1 error' : `${problems.length} errors`
  console.error(
    [`lastcall: ${title}`, ...problems.map((problem) => `  ${problem}`), `See ${help}`].join('\n'),
  )
  return MISTAKE
}

/** From package.json, which lies two folders up from here, in src as in dist. */
function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

// `lastcall --help | head`: a reader that has left is no error. The proxy goes on without its log.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  process.exit(await main(process.argv.slice(2)))
} catch (error) {
  console.error(`lastcall: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
