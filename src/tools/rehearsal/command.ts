/**
 * `lastcall rehearse`: a user's own app, stopped over and over under load, alone and with lastcall in front, without a
 * cluster. Progress goes to stderr, the result to stdout. Exit codes: 0 no request failed with lastcall in front, 1 some
 * did, 2 it could not be rehearsed. The engine is src/tools/rehearsal/, flags are read in rehearse-flags.ts.
 */
import { constants as os } from 'node:os'
import { busy, formatCauses, formatFailure, formatTable } from './format.ts'
import { pathMix } from './mix.ts'
import { freePort, randomPorts } from './ports.ts'
import { recordRehearsal } from './rehearse.ts'
import { type Journal, type Report, reportOf } from './report.ts'
import { type AppSpec, bare, lastcall, sleepHook, type Strategy } from './strategies.ts'
import { drawTimelines } from './timeline-picture.ts'
import { timelineOf } from './timeline.ts'
import { clientFigures } from './page/clients.ts'
import { rehearsalPage } from './page/rehearsal.ts'
import { unwritable, writeWhole } from './report-file.ts'
import { tryOut } from './try-out.ts'
import { type RehearseRequest, withPorts } from './request.ts'

const FAILED = 1
const UNUSABLE = 2
const SHOWN_FAILURES = 10

/**
 * Runs a rehearsal to its end; resolves to the exit code. A signal ends the process, and every child with it. `version`:
 * of lastcall, for the report.
 */
export async function runRehearsal(request: RehearseRequest, version: string): Promise<number> {
  // The containers are killed as the process exits: there is nothing else to clean up.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => {
      say('interrupted; everything it started is ended')
      process.exit(128 + os.signals[name])
    })
  const { command, path, post, svg, html, readyWithinMs } = request
  for (const [flag, file] of Object.entries({ svg, html })) {
    const why = file === undefined ? undefined : unwritable(file)
    if (why !== undefined) return unusable(`--${flag} ${file}: cannot be written: ${why}`)
  }
  const seed = request.seed ?? Math.floor(Math.random() * 1_000_000)
  const app: AppSpec = {
    command: (port, others) => command.map((word) => withPorts(word, port, others)) as [string, ...string[]],
    env: {},
    healthPath: request.healthPath,
  }
  say(`rehearsing with ${command.join(' ')}`)
  const [random, taken] = [randomPorts(), new Set<number>()]
  const port = await freePort(random, taken)
  const others: number[] = []
  for (const _ of request.others) others.push(await freePort(random, taken))
  const tried = await tryOut(app, port, path, readyWithinMs, others)
  if (tried.kind === 'unusable') return unusable(tried.why, tried.lines)
  say(`the app is up after ${(tried.startMs / 1000).toFixed(1)} s and answers ${tried.status} to GET ${path}`)
  const strategies = [bare, ...request.sleepsMs.map(sleepHook), withLastcall(request)]
  const journals: Journal[] = []
  for (const strategy of strategies) {
    try {
      journals.push(
        await recordRehearsal({
          strategy,
          app,
          seed,
          readyWithinMs,
          replicas: request.replicas,
          rollouts: request.rollouts,
          rolling: request.rolling,
          graceMs: request.graceMs,
          lagMs: [request.lagMs / 10, request.lagMs],
          others: request.others,
          plans: pathMix(path, 1, post),
          askOthers: true,
          progress: say,
        }),
      )
    } catch (error) {
      return unusable(`${strategy.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const reports = journals.map(reportOf)
  const problems = save(request, journals, reports, seed, version)
  if (request.json)
    console.log(JSON.stringify({ command, path, post, seed, svg, html, reports }, undefined, 2))
  else console.log(resultOf(reports, request, seed))
  if (problems.length > 0) return unusable(problems.join('; '))
  return reports.at(-1)!.failures.length === 0 ? 0 : FAILED
}

/** Writes the files that were asked for; answers which could not be written, and why. */
function save(
  request: RehearseRequest,
  journals: readonly Journal[],
  reports: readonly Report[],
  seed: number,
  version: string,
): string[] {
  const timelines = journals.map((journal) => timelineOf(journal, performance.timeOrigin))
  const page = () => {
    const strategies = journals.map((journal, index) => ({
      report: reports[index]!,
      timeline: timelines[index]!,
      clients: clientFigures(journal.requests),
    }))
    const machine = `Node ${process.version}, ${process.platform} ${process.arch}`
    return rehearsalPage({ request, seed, version, machine, endedAt: new Date(), strategies })
  }
  const files = [
    ['svg', request.svg, () => drawTimelines(timelines)],
    ['html', request.html, page],
  ] as const
  return files.flatMap(([flag, file, make]) => {
    if (file === undefined) return []
    try {
      writeWhole(file, make())
      return []
    } catch (error) {
      return [`--${flag} ${file}: not written: ${error instanceof Error ? error.message : String(error)}`]
    }
  })
}

/** lastcall with the user's flags; `{port}` in them is the port of the app. */
function withLastcall({ mode, flags }: RehearseRequest): Strategy {
  const { name } = lastcall(mode)
  return {
    name,
    pod: (context) =>
      lastcall(
        mode,
        flags.map((flag) =>
          withPorts(flag, context.ports.app, context.ports.others?.map(({ app }) => app) ?? []),
        ),
      ).pod(context),
  }
}

function resultOf(reports: readonly Report[], { svg, html }: RehearseRequest, seed: number): string {
  const last = reports.at(-1)!
  const own = last.failures.slice(0, SHOWN_FAILURES).map((failure) => `  ${formatFailure(failure)}`)
  const more = last.failures.length - own.length
  const warning = busy(last)
  return [
    formatTable(reports),
    '',
    ...reports.map(formatCauses),
    ...own,
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(warning === undefined ? [] : [warning]),
    '',
    ...(svg === undefined ? [] : [`Timeline: ${svg}`]),
    html === undefined ? '--html FILE shows what happened to each request.' : `Report: ${html}`,
    `Seed: ${seed}`,
  ].join('\n')
}

function unusable(why: string, lines: readonly string[] = []): number {
  console.error(`lastcall rehearse: ${why}`)
  if (lines.length > 0) console.error(['The last it said:', ...lines.map((line) => `  ${line}`)].join('\n'))
  return UNUSABLE
}

function say(line: string): void {
  console.error(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}`)
}
