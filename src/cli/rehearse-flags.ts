/**
 * Reads and checks the command line of `lastcall rehearse [FLAGS] -- COMMAND ARGS...`: its own flags from the table below,
 * and those of the proxy, which are passed to each sidecar unchanged. Pure.
 */
import { readFlags, type FlagKind } from '../proxy/config/flags.ts'
import { count, oneOf, positiveDuration } from '../proxy/config/kinds.ts'
import { OPTIONS } from '../proxy/config/options.ts'
import { readConfig } from '../proxy/config/parse.ts'
import type { RehearseRequest } from '../tools/rehearsal/request.ts'
import type { Share } from '../tools/rehearsal/rolling.ts'
import { bad, ok, parseDuration, type Reading } from '../proxy/config/units.ts'

export type RehearseOutcome =
  | { readonly kind: 'request'; readonly request: RehearseRequest }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** The help texts of rehearse's own flags. */
export const REHEARSE_ROWS: readonly (readonly [left: string, right: string])[] = [
  ['--path /PATH', 'what the clients GET; any status below 500 counts as a success [/]'],
  ['--post /PATH', 'the path to which they also POST small JSON bodies [none: only GET]'],
  [
    '--port {port2}[,protocol=tcp]',
    'a second port of the app, behind the same lastcall; repeat it for {port3} and so on',
  ],
  ['--replicas NUMBER', 'how many pods [3]'],
  ['--rollouts NUMBER', 'how many times to replace all pods [1]'],
  ['--max-surge NUMBER|PERCENT', 'how many pods more than --replicas may exist during a rollout [25%]'],
  ['--max-unavailable NUMBER|PERCENT', 'how many pods fewer may be available [25%]'],
  ['--mode native|plain', 'lastcall as a native sidecar or as an ordinary container [native]'],
  ['--compare sleep:TIME,...', 'also compare with a sleep as the preStop hook [none]'],
  ['--lag DURATION', 'longest time for an endpoint change to propagate [2s]'],
  ['--ready-within DURATION', 'time for a replica to become ready [30s]'],
  ['--seed NUMBER', 'seed of the random choices, to repeat a run [random]'],
  [
    '--html FILE',
    'write a report: verdict, timeline of each pod, history of each failed request, figures [none]',
  ],
  ['--svg FILE', 'draw a timeline: what happened to each request around each stop [none]'],
  ['--json', 'print the results as JSON'],
]

const OWN: readonly (readonly [string, FlagKind])[] = REHEARSE_ROWS.map(([left]) => {
  const [flag = '', placeholder] = left.slice(2).split(' ')
  return [flag, placeholder === undefined ? 'switch' : 'value']
})
const PROXY = Object.values(OPTIONS).map(({ flag }) => flag)
/** Flags that rehearse sets itself: each sidecar needs its own, or the simulated kubelet must know it. */
const TAKEN = new Set(['listen', 'app', 'admin', 'token'])
const FLAGS = new Map<string, FlagKind>([
  ...PROXY.map((flag) => [flag, 'value'] as const),
  ...OWN,
  ['port', 'list'],
])

const MOST_REPLICAS = 100
/** `{port2}` to `{port9}`. */
const MOST_OTHERS = 8
/** As in tools/rehearsal/request.ts, which need not be loaded for --help. */
const PORT = '{port}'
/** As in tools/rehearsal/rolling.ts, for the same reason: what Kubernetes does unless a manifest says otherwise. */
const QUARTER: Share = { value: 25, unit: 'percent' }

/** Reads `argv` after `rehearse`. Every problem is one line. */
export function readRehearse(argv: readonly string[]): RehearseOutcome {
  const dashes = argv.indexOf('--')
  const { values, problems: mistakes } = readFlags(dashes === -1 ? argv : argv.slice(0, dashes), FLAGS)
  const problems = [...mistakes]
  const [file, ...args] = dashes === -1 ? [] : argv.slice(dashes + 1)
  if (file === undefined) problems.push('COMMAND is missing: lastcall rehearse [options] -- COMMAND ARGS...')
  function given<T, Otherwise>(flag: string, otherwise: Otherwise, read: (text: string) => Reading<T>) {
    const text = values.get(flag)
    if (text === undefined) return otherwise
    const reading = read(text)
    if (reading.kind === 'ok') return reading.value
    problems.push(`--${flag} ${text}: ${reading.why}`)
    return otherwise
  }
  for (const flag of TAKEN)
    if (values.has(flag)) problems.push(`--${flag}: rehearse sets this itself; remove it`)
  const handed = PROXY.filter((flag) => values.has(flag) && !TAKEN.has(flag) && flag !== 'port')
  const read = readConfig(
    handed.map((flag) => `--${flag}=${values.get(flag)!.replaceAll(PORT, '3000')}`),
    {},
  )
  if (read.kind === 'problems') problems.push(...read.problems)
  const graceMs = read.kind === 'config' ? read.config.gracePeriodMs : Infinity
  const healthPath = given('health', undefined, readHealth)
  const request = {
    others: given('port', [], readOthers),
    path: given('path', '/', readPath),
    post: given('post', undefined, readPath),
    replicas: given('replicas', 3, (text) => most(count(1).read(text), MOST_REPLICAS)),
    rollouts: given('rollouts', 1, count(1).read),
    rolling: {
      maxSurge: given('max-surge', QUARTER, readShare),
      maxUnavailable: given('max-unavailable', QUARTER, readShare),
    },
    seed: given('seed', undefined, count(0).read),
    mode: given('mode', 'native', oneOf('native', 'plain').read),
    sleepsMs: given('compare', [], (text) => readCompare(text, graceMs)),
    lagMs: given('lag', 2000, parseDuration),
    readyWithinMs: given('ready-within', 30_000, positiveDuration.read),
    graceMs,
    json: values.has('json'),
    svg: values.get('svg'),
    html: values.get('html'),
    healthPath,
    flags: handed.flatMap((flag) => (flag === 'grace-period' ? [] : [`--${flag}`, values.get(flag)!])),
  }
  if (request.html !== undefined && request.html === request.svg)
    problems.push(`--html ${request.html}: --svg names the same file`)
  const { maxSurge, maxUnavailable } = request.rolling
  if (maxSurge.value === 0 && maxUnavailable.value === 0)
    problems.push(
      '--max-surge and --max-unavailable are both 0: nothing could be replaced; raise one of them',
    )
  if (file === undefined || problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'request', request: { ...request, command: [file, ...args] } }
}

function readPath(text: string): Reading<string> {
  if (!text.startsWith('/')) return bad('must begin with a slash, such as /items?limit=1')
  return /^[!-~]+$/.test(text) && !text.includes('#')
    ? ok(text)
    : bad('must be a path with an optional query, such as /items?limit=1, without spaces or a fragment')
}

/** As in a manifest: a percentage such as `25%`, or a number of pods. */
function readShare(text: string): Reading<Share> {
  const [, digits, percent] = /^(\d{1,4})(%?)$/.exec(text) ?? []
  if (digits === undefined) return bad('must be a number of pods such as 2, or a percentage such as 25%')
  const value = Number(digits)
  if (percent === '%' && value > 100) return bad('must be at most 100%')
  return ok({ value, unit: percent === '%' ? 'percent' : 'pods' })
}

/** The protocols of the app's other ports, in order: each replica gets its own port numbers. */
function readOthers(text: string): Reading<readonly ('auto' | 'tcp')[]> {
  const others: ('auto' | 'tcp')[] = []
  for (const [index, word] of text.split(' ').entries()) {
    const name = `{port${index + 2}}`
    const [said, protocol = 'protocol=auto'] = word.split(',')
    if (said !== name || !['protocol=auto', 'protocol=tcp'].includes(protocol))
      return bad(`rehearse chooses the ports; use --port ${name} or --port ${name},protocol=tcp`)
    others.push(protocol === 'protocol=tcp' ? 'tcp' : 'auto')
  }
  return others.length > MOST_OTHERS ? bad(`too many; at most ${MOST_OTHERS}`) : ok(others)
}

/** The path of an http URL of the app; {port} stands for the port of each replica. */
function readHealth(text: string): Reading<string | undefined> {
  if (text === 'tcp') return ok(undefined)
  const path = /^http:\/\/127\.0\.0\.1:\{port\}(\/.*)?$/.exec(text)
  return path === null
    ? bad(`every replica has its own port; use a URL such as http://127.0.0.1:${PORT}/ready`)
    : ok(path[1] ?? '/')
}

function readCompare(text: string, graceMs: number): Reading<readonly number[]> {
  const sleepsMs: number[] = []
  for (const part of text.split(',')) {
    const reading = part.startsWith('sleep:') ? parseDuration(part.slice('sleep:'.length)) : undefined
    if (reading === undefined) return bad('must be sleep with a duration, such as sleep:15s')
    if (reading.kind === 'bad') return reading
    if (reading.value >= graceMs)
      return bad('must be shorter than --grace-period: the kubelet would kill the app during the sleep')
    sleepsMs.push(reading.value)
  }
  return ok(sleepsMs)
}

function most(reading: Reading<number>, max: number): Reading<number> {
  return reading.kind === 'ok' && reading.value > max ? bad(`too many; at most ${max}`) : reading
}
