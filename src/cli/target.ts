/**
 * Which running lastcall a command talks to, and how: its flags, LASTCALL_ADMIN and LASTCALL_TOKEN. Pure.
 * The other LASTCALL_ variables are the proxy's: `kubectl exec` into its container brings them along.
 */
import { parseHttpUrl, parseListen, printAddress } from '../proxy/config/address.ts'
import { readFlags, type FlagKind } from '../proxy/config/flags.ts'
import { variableOf } from '../proxy/config/option.ts'
import { OPTIONS } from '../proxy/config/options.ts'
import type { Env } from '../proxy/config/parse.ts'
import { bad, ok, type Reading } from '../proxy/config/units.ts'

export interface Target {
  /** Origin of the admin server, without a slash at the end. */
  readonly admin: string
  readonly token: string | undefined
  readonly json: boolean
}

export type TargetOutcome =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'problems'; readonly problems: string[] }

const FLAGS = new Map<string, FlagKind>([
  ['admin', 'value'],
  ['token', 'value'],
  ['json', 'switch'],
])

/** Reads the flags of a command; every problem is one line that names the flag or variable. */
export function readTarget(argv: readonly string[], env: Env): TargetOutcome {
  const { values, problems: mistakes } = readFlags(argv, FLAGS)
  const problems = [...mistakes]
  function given<T>(
    name: 'admin' | 'token',
    read: (text: string) => Reading<T>,
    shown: boolean,
  ): T | undefined {
    const variable = variableOf(name)
    const flag = values.get(name)
    const text = flag ?? env[variable]
    if (text === undefined) return undefined
    const reading = read(text)
    if (reading.kind === 'ok') return reading.value
    const source = flag === undefined ? variable : `--${name}`
    problems.push(`${source}${shown ? (flag === undefined ? '=' : ' ') + text : ''}: ${reading.why}`)
    return undefined
  }
  const admin = given('admin', readAdmin, true) ?? originOf(9099, undefined)
  const token = given('token', OPTIONS.token.kind.read, false)
  if (problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'target', target: { admin, token, json: values.has('json') } }
}

/** A URL, or an address as the proxy itself takes it: where it listens is where it is called. */
function readAdmin(text: string): Reading<string> {
  if (text.includes('://')) {
    const url = parseHttpUrl(text)
    return url.kind === 'ok' ? ok(new URL(url.value).origin) : bad(url.why.replace('3001/ready', '9099'))
  }
  const address = parseListen(text)
  if (address.kind === 'bad')
    return bad('not an address; use a form such as http://127.0.0.1:9099, 127.0.0.1:9099 or :9099')
  const { host, port } = address.value
  return port === 0
    ? bad('port 0 is not a port to connect to; use one such as :9099')
    : ok(originOf(port, host))
}

function originOf(port: number, host: string | undefined): string {
  const everywhere = host === undefined || host === '0.0.0.0'
  return `http://${printAddress({ host: everywhere ? '127.0.0.1' : host === '::' ? '::1' : host, port })}`
}
