/** What the demo prints: pure text. Knows the paths of the demo app and of lastcall's admin server, and the log's form. */

export interface Places {
  readonly traffic: string
  readonly admin: string
  /** Whether the bundled demo app is behind it, whose paths are known. */
  readonly demo: boolean
}

/** Where to send requests and what to try. */
export function invitation(places: Places): string {
  const traffic = `http://${places.traffic}`
  const admin = `http://${places.admin}`
  const rows: [string, string][] = places.demo
    ? [
        [`curl ${traffic}/`, 'a request'],
        [`curl ${traffic}/items -d '{"name":"tea"}'`, 'an insert'],
        [`curl ${traffic}/items`, 'the rows inserted so far'],
        [`curl '${traffic}/rpc/slow?seconds=8'`, 'a slow request: press Ctrl-C while it runs'],
        [`curl -N ${traffic}/events`, 'an event stream'],
      ]
    : [[`curl -i ${traffic}/`, 'a request']]
  rows.push(
    [`curl -i ${admin}/readyz`, 'what the readiness probe asks'],
    [`curl ${admin}/status`, 'the phase and the requests in flight'],
    [`curl -i ${admin}/prestop/app`, "the app's preStop hook: drains, answers when nothing is in flight"],
    [`curl ${admin}/metrics`, 'for Prometheus'],
  )
  const width = Math.max(...rows.map(([command]) => command.length))
  const lines = rows.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`)
  return [
    '',
    `Open ${admin}/ in a browser${places.demo ? ', press Drain, and watch: a few clients send requests already' : ' and watch'}.`,
    '',
    `Send requests to ${traffic}`,
    '',
    'Or, in another terminal, try:',
    ...lines,
    '',
    'Press Ctrl-C to drain and stop, phase by phase. Press it again to stop at once.',
    '',
  ].join('\n')
}

const LEVELS: Readonly<Record<string, string>> = { warn: 'warning: ', error: 'error: ', fatal: 'fatal: ' }
/** The same on every line, or shown in another way. */
const OMITTED = new Set(['level', 'time', 'name', 'msg'])

/** A line of lastcall's JSON log as a person reads it, without what its message says already; others unchanged. */
export function readable(line: string): string {
  const fields = parse(line)
  if (fields === undefined) return line
  const { msg } = fields
  const told = (value: unknown) =>
    typeof value === 'object' || (typeof value === 'string' && String(msg).includes(value))
  const rest = Object.entries(fields).filter(([name, value]) => !OMITTED.has(name) && !told(value))
  const pairs = rest.map(([name, value]) => `${name}=${String(value)}`)
  return `${LEVELS[String(fields['level'])] ?? ''}${[msg, ...pairs].join('  ')}`
}

/** A line of the log as fields; undefined if it is none. */
export function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** What each phase of a stop means, for a reader who sees it for the first time. */
export const PHASES: Readonly<Record<string, string>> = {
  settling: 'not ready, but still serving normally while endpoints propagate',
  'lame-duck': 'every response now says `Connection: close`, so that clients go elsewhere',
  draining: 'new connections are refused; requests in flight finish',
  drained: 'nothing is in flight; the app may stop',
  exiting: 'the app is gone',
}
