/**
 * Turns command line and environment into a configuration, or reports all errors in them at once (DESIGN §5). Pure:
 * takes argv and env. Flags override variables. The options are in options.ts, contradictions between them in
 * checks.ts, the arithmetic in lifecycle/budget.ts.
 */
import { budget } from '../lifecycle/budget.ts'
import { contradictions } from './checks.ts'
import type { Config } from './config.ts'
import { readFlags } from './flags.ts'
import { VARIABLE_PREFIX, variableOf, type Given, type Option } from './option.ts'
import { OPTIONS } from './options.ts'
import { suggest } from './suggest.ts'
import { bad, type Reading } from './units.ts'

export type Outcome =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'problems'; readonly problems: string[] }

export type Env = Readonly<Record<string, string | undefined>>

type Key = keyof Given
const KEYS = Object.keys(OPTIONS) as Key[]
const FLAGS = new Map(
  KEYS.map((key) => [OPTIONS[key].flag, OPTIONS[key].kind.repeats ? 'list' : 'value'] as const),
)
/** The options that --port gives for each port. */
const SAID_BY_PORT = ['listen', 'app', 'protocol'] as const satisfies Key[]

/**
 * The kubelet sets these for every Service of the namespace (enableServiceLinks). For a Service called `lastcall` or
 * `lastcall-...` they have our prefix, LASTCALL_PORT for example, although nobody wrote them.
 */
const SERVICE_LINK =
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
const SERVICE_LINK_URL = /^(tcp|udp|sctp):\/\//

/** Reads `argv` (without node and script) and `env`. Each error is one line that names the flag or variable. */
export function readConfig(argv: readonly string[], env: Env): Outcome {
  const flags = readFlags(argv, FLAGS)
  const problems = [...flags.problems, ...unknownVariables(env)]
  const given: Partial<Record<Key, unknown>> = {}
  const sources = new Map<Key, string>()
  const said = new Set<Key>()
  for (const key of KEYS) {
    const option: Option<unknown> = OPTIONS[key]
    const source = sourceOf(option, flags.values, env)
    sources.set(key, source?.name ?? `--${option.flag}`)
    if (source !== undefined) said.add(key)
    // A flag whose value is missing must not get the variable or the default instead.
    if (flags.missing.has(option.flag)) continue
    const reading = source === undefined ? readInitial(option) : readGiven(option, source)
    if (reading.kind === 'ok') given[key] = reading.value
    else problems.push(reading.why)
  }
  const read = given as Partial<Given>
  const sourceName = (key: Key): string => sources.get(key)!
  if (said.has('ports'))
    for (const key of SAID_BY_PORT.filter((one) => said.has(one)))
      problems.push(`${sourceName(key)}: ${sourceName('ports')} says that for each port; give one of the two`)
  problems.push(...contradictions(read, sourceName))
  const { gracePeriodMs, settleMs, quietMs, lameDuckMaxMs, appStopMs } = read
  if (
    gracePeriodMs === undefined ||
    settleMs === undefined ||
    quietMs === undefined ||
    appStopMs === undefined
  )
    return { kind: 'problems', problems }
  const sum = budget({ gracePeriodMs, settleMs, quietMs, lameDuckMaxMs, appStopMs })
  if (sum.kind === 'impossible') return { kind: 'problems', problems: [...problems, ...sum.problems] }
  if (problems.length > 0) return { kind: 'problems', problems }
  // Each row of the table has read its own key, so the object is complete.
  const whole = { ...(read as Given), lameDuckMaxMs: sum.budget.lameDuckMaxMs }
  const { listen, app, protocol } = whole
  const ports = whole.ports.length > 0 ? whole.ports : [{ listen, app, protocol }]
  return { kind: 'config', config: { ...whole, ...ports[0], ports } }
}

interface Source {
  readonly name: string
  readonly text: string
}

function sourceOf(option: Option<unknown>, flags: ReadonlyMap<string, string>, env: Env): Source | undefined {
  const flag = flags.get(option.flag)
  if (flag !== undefined) return { name: `--${option.flag}`, text: flag }
  const name = variableOf(option.flag)
  const text = env[name]
  return text === undefined || isServiceLink(name, text) ? undefined : { name, text }
}

function readInitial(option: Option<unknown>): Reading<unknown> {
  const { initial } = option
  return initial.kind === 'text' ? option.kind.read(initial.text) : { kind: 'ok', value: initial.value }
}

/** Reads a given value. `why` of a bad one is a whole line. */
function readGiven(option: Option<unknown>, { name, text }: Source): Reading<unknown> {
  // An empty LASTCALL_TOKEN must not mean "no token": whoever set it wanted one.
  if (text === '')
    return bad(`${name}: is empty; give it a value (${option.kind.placeholder}) or leave it out`)
  const reading = option.kind.read(text)
  if (reading.kind === 'ok') return reading
  const joint = name.startsWith('--') ? ' ' : '='
  return bad(`${name}${option.secret === true ? '' : joint + text}: ${reading.why}`)
}

function unknownVariables(env: Env): string[] {
  const known = new Set(KEYS.map((key) => variableOf(OPTIONS[key].flag)))
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith(VARIABLE_PREFIX) && !known.has(name) && !isServiceLink(name, env[name] ?? ''),
  )
  return unknown.map((name) => {
    // Without the prefix, which all variables share and which would make all of them look similar.
    const flag = suggest(name.slice(VARIABLE_PREFIX.length), [...FLAGS.keys()])
    return `${name}: unknown variable${flag === undefined ? '' : `; did you mean ${variableOf(flag)}?`}`
  })
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_URL.test(value))
}
