/**
 * `lastcall rehearse` as a user runs it: real processes, a real app that dies at once on SIGTERM. Bare it loses
 * requests, with lastcall it loses none; an app that cannot be rehearsed with is told why; Ctrl-C leaves nothing behind.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { type Test } from 'tap'
import { file, folder } from '../fixtures/folder.ts'
import { type Program, startProgram } from '../fixtures/program.ts'
import { entry } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { active, malformed } from './well-formed.ts'

const RUN_MS = 60_000
const APP = `
import { createServer } from 'node:http'
const posts = []
const answer = (request, response) => {
  if (request.url === '/broken') return response.writeHead(500).end()
  if (request.method === 'POST' && request.headers['content-type'] !== 'application/json') return response.writeHead(500).end()
  if (request.url.startsWith('/items') || request.method === 'POST') setTimeout(() => response.end('[]'), 20)
  else response.writeHead(404).end()
}
const where = process.env.WHERE ?? '127.0.0.1'
createServer(answer).listen(Number(process.argv[2] ?? process.env.PORT), where)
if (process.env.PORT2) createServer(answer).listen(Number(process.env.PORT2), where)
console.log('my app says hello')
`
/** Short, but longer than the lag, as they must be. */
const TIMES = ['--lag=1s', '--settle=1200ms', '--app-stop=1s', '--grace-period=15s']
const QUICK = ['--replicas=1', ...TIMES]

/** Runs it in a folder of the user's, which has `app.mjs`. */
function rehearse(
  t: Test,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { program: Program; home: string } {
  const home = folder(t)
  file(home, 'app.mjs', APP)
  const program = startProgram(t, {
    command: process.execPath,
    args: [entry('src'), 'rehearse', ...args],
    env: { PATH: process.env['PATH'], ...env },
    cwd: home,
  })
  return { program, home }
}

const said = (program: Program) => program.lines.join('\n')

// Each of these mostly waits; together they take as long as the longest.
tap.jobs = 3
/** Anew for each: tap writes into it. */
const together = () => ({ buffered: true, timeout: RUN_MS })

void tap.test(
  'bare an app loses requests, with lastcall none; and here is the picture',
  together(),
  async (t) => {
    const { program, home } = rehearse(t, [
      ...QUICK,
      '--path=/items?limit=1',
      '--svg=stop.svg',
      '--html=stop.html',
      '--seed=1',
      '--',
      process.execPath,
      'app.mjs',
      '{port}',
    ])
    t.same(await program.end(RUN_MS), { code: 0, signal: null }, said(program))
    const text = said(program)
    t.match(text, /the app is up after [\d.]+ s and answers 200 to GET \/items\?limit=1/)
    t.match(text, /bare: pod-1 is gone, \d+ requests/, 'progress')
    t.match(text, /^strategy +requests +failed .*rollout/m)
    t.match(text, /^bare +\d+ +[1-9]\d* /m)
    t.match(text, /^lastcall native +\d{2,} +0 /m)
    t.match(text, /^bare: \d+ of \d+ requests failed\n {2}\d+ × connection /m)
    t.match(text, /^lastcall native: none of \d+ requests failed$/m)
    const svg = readFileSync(join(home, 'stop.svg'), 'utf8')
    t.equal(malformed(svg), undefined)
    t.equal(svg.match(/data-pod="pod-1"/g)?.length, 2, 'the pod that was replaced, bare and with lastcall')
    for (const state of ['running', 'preStop hook', 'serving', 'settling', 'lame-duck', 'drained'])
      t.match(svg, new RegExp(`<title>(app|lastcall): ${state}, [\\d.]+ s</title>`), state)
    t.match(svg, /<g class="failed"><title>GET \/items\?limit=1: FAILED/)
    t.match(svg, /<g class="answered"><title>GET \/items\?limit=1: 200/)
    t.notMatch(svg, /NaN|undefined/)
    const html = readFileSync(join(home, 'stop.html'), 'utf8')
    t.equal(active(html), undefined)
    const failed = /^bare +(\d+) +(\d+) /m.exec(text)!
    const fine = /^lastcall native +(\d+) +0 /m.exec(text)!
    t.match(html, `<h1>0 of ${fine[1]} requests failed behind lastcall.</h1>`)
    t.match(html, `<h3>the app alone: ${failed[2]} of ${failed[1]}</h3>`)
    t.equal(html.match(/<figure data-pod="pod-1">/g)?.length, 2, 'a timeline for each pod that was stopped')
    t.match(html, /<title>endpoint: propagating, [\d.]+ s<\/title>/)
    t.match(html, /<title>readiness: not ready, [\d.]+ s<\/title>/)
    t.match(html, /<li id="failure-1">.*?<p>Sent to pod-1 on an? .*?<\/p>/s)
    t.match(html, /<dt>seed<\/dt><dd>1 /)
    t.notMatch(html, /NaN|undefined/)
    t.same(readdirSync(home).toSorted(), ['app.mjs', 'stop.html', 'stop.svg'], 'and nothing else is left')
  },
)

void tap.test(
  'an app with two ports, both behind the one lastcall, both under load',
  together(),
  async (t) => {
    const args = ['--port={port2}', '--path=/items', '--seed=1', '--', process.execPath, 'app.mjs']
    const { program } = rehearse(t, [...QUICK, ...args])
    t.same(await program.end(RUN_MS), { code: 0, signal: null }, said(program))
    const text = said(program)
    t.match(text, /^bare +\d+ +[1-9]\d* /m, 'bare it loses requests')
    t.match(text, /^lastcall native +\d{3,} +0 /m)
  },
)

void tap.test(
  'as JSON; the port by $PORT, POSTs where they are allowed, a plain sidecar',
  together(),
  async (t) => {
    const { program } = rehearse(
      t,
      [
        ...QUICK,
        '--json',
        '--mode=plain',
        '--path=/items',
        '--post=/items',
        '--',
        process.execPath,
        'app.mjs',
      ],
      { WHERE: '0.0.0.0', LASTCALL_NONSENSE: 'x' },
    )
    t.same(await program.end(RUN_MS), { code: 0, signal: null }, said(program))
    const result = resultOf(program)
    t.match(result.command.at(-1), 'app.mjs')
    t.type(result.seed, 'number')
    const [bare, lastcall] = result.reports
    t.equal(bare?.strategy, 'bare')
    t.ok(bare!.failures.length > 0)
    t.equal(lastcall?.strategy, 'lastcall plain')
    t.same(lastcall!.failures, [])
    t.ok(
      Object.keys(lastcall!.byClient).some((name) => name.startsWith('idle-post')),
      'POSTs were sent',
    )
  },
)

for (const [how, signal, code] of [
  ['Ctrl-C', 'SIGINT', 130],
  ['SIGKILL', 'SIGKILL', null],
] as const)
  void tap.test(
    `${how} ends every process at once`,
    { ...together(), skip: process.platform !== 'linux' && 'reads /proc' },
    async (t) => {
      const { program } = rehearse(t, [...QUICK, '--path=/items', '--', process.execPath, 'app.mjs'])
      await program.line(/lastcall native: starting/, RUN_MS)
      const started = await until(
        'the node with the app and its sidecar',
        () => {
          const found = descendantsOf(program.pid)
          return found.length >= 3 ? found : undefined
        },
        RUN_MS,
      )
      program.signal(signal)
      t.same(await program.end(5000), { code, signal: code === null ? signal : null })
      if (signal === 'SIGINT') t.match(said(program), /interrupted/)
      await until('nothing is left', () => started.every((pid) => !exists(pid)), 5000)
    },
  )

void tap.test(
  'several pods at a time, as maxSurge and maxUnavailable allow: bare requests are lost, with lastcall none is',
  together(),
  async (t) => {
    const args = ['--replicas=6', '--max-surge=50%', '--max-unavailable=2', '--json', '--path=/items']
    const { program } = rehearse(t, [...TIMES, ...args, '--', process.execPath, 'app.mjs'])
    t.same(await program.end(RUN_MS), { code: 0, signal: null }, said(program))
    const { reports } = resultOf(program)
    const [bare, lastcall] = reports
    t.ok(bare!.failures.length > 0)
    t.same(lastcall!.failures, [])
    for (const { pods } of reports)
      t.same(pods.map(({ pod }) => pod).toSorted(), ['pod-1', 'pod-2', 'pod-3', 'pod-4', 'pod-5', 'pod-6'])
    t.same(
      lastcall!.pods.filter(({ killed }) => killed),
      [],
    )
  },
)

void tap.test('an app that exits is shown with its last lines', together(), async (t) => {
  const script = "console.error('no database'); setTimeout(() => process.exit(3), 50)"
  const { program } = rehearse(t, ['--', process.execPath, '-e', script])
  t.same(await program.end(RUN_MS), { code: 2, signal: null })
  t.match(
    said(program),
    /the app ended by itself \(3\) before it listened on 127\.0\.0\.1:\d+\nThe last it said:\n {2}no database/,
  )
})

void tap.test(
  'if an app does not listen on its port, a message says how it gets the port',
  together(),
  async (t) => {
    const { program } = rehearse(t, [
      '--ready-within=500ms',
      '--',
      process.execPath,
      '-e',
      "console.log('waiting'); setInterval(() => {}, 1000)",
    ])
    t.same(await program.end(RUN_MS), { code: 2, signal: null })
    t.match(
      said(program),
      /does not listen on 127\.0\.0\.1:\d+ after 0\.5 s; it gets its port in \$PORT.*\n.*\n {2}waiting/,
    )
  },
)

void tap.test(
  'a program that is not there, a path that fails, a file that cannot be',
  together(),
  async (t) => {
    const { program: missing } = rehearse(t, ['--', './not-there'])
    t.same(await missing.end(RUN_MS), { code: 2, signal: null })
    t.match(said(missing), /\.\/not-there: no such program/)
    const { program: broken } = rehearse(t, ['--path=/broken', '--', process.execPath, 'app.mjs'])
    t.same(await broken.end(RUN_MS), { code: 2, signal: null })
    t.match(said(broken), /fails at GET \/broken \(status 500\); name a path that works with --path/)
    const { program: nowhere } = rehearse(t, ['--svg=no/where.svg', '--', process.execPath, 'app.mjs'])
    t.same(await nowhere.end(RUN_MS), { code: 2, signal: null })
    t.match(said(nowhere), /--svg no\/where\.svg: cannot be written: there is no folder no$/m)
    t.notMatch(said(nowhere), /the app is up/, 'nothing was run')
  },
)

void tap.test('a report that cannot be written is refused before anything is run', together(), async (t) => {
  const { program, home } = rehearse(t, ['--html=.', '--', process.execPath, 'app.mjs'])
  t.same(await program.end(RUN_MS), { code: 2, signal: null })
  t.match(said(program), /--html \.: cannot be written: it is a folder/)
  t.notMatch(said(program), /the app is up/, 'nothing was run')
  t.same(readdirSync(home), ['app.mjs'], 'nothing is left of the trial')
})

void tap.test('without a command, or with a flag that is not there: usage', together(), async (t) => {
  const { program: none } = rehearse(t, [])
  t.same(await none.end(RUN_MS), { code: 2, signal: null })
  t.match(said(none), /COMMAND is missing.*\nSee lastcall rehearse --help/)
  const { program: help } = rehearse(t, ['--help'])
  t.same(await help.end(RUN_MS), { code: 0, signal: null })
  t.match(said(help), /^lastcall rehearse: .*--path \/PATH.*--html FILE.*--svg FILE.*Exit code/s)
  t.same(
    help.lines.filter((line) => line.length > 100),
    [],
  )
})

interface Result {
  readonly command: readonly string[]
  readonly seed: number
  readonly reports: readonly {
    readonly strategy: string
    readonly requests: number
    readonly failures: readonly unknown[]
    readonly byClient: Readonly<Record<string, unknown>>
    readonly pods: readonly { readonly pod: string; readonly killed: boolean }[]
  }[]
}

/** What it has printed with --json; progress is among its lines. */
function resultOf(program: Program): Result {
  const lines = program.lines.filter((line) => !/^ *[\d.]+ s {2}/.test(line))
  return JSON.parse(lines.join('\n')) as Result
}

function descendantsOf(ancestor: number): number[] {
  const children = readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    return Number.isInteger(pid) && parentOf(pid) === ancestor ? [pid] : []
  })
  return [...children, ...children.flatMap(descendantsOf)]
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // it has just ended
  }
}

function exists(pid: number): boolean {
  return parentOf(pid) !== undefined
}
