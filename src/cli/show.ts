/** What `/status` says, for people: a small table, and one line while a drain is under way. Pure. */
import type { Status } from '../proxy/admin/status.ts'
import { PROTOCOLS } from '../words.ts'

const REQUESTS_SHOWN = 10
const LABEL = 14
const TARGET_CHARACTERS = 60

/** The table of `lastcall status`. */
export function statusTable(status: Status): string {
  const { phase, since, sinceMs, ready, proof, triggers, saved, connections, health, verdict } = status
  const rows: [string, string][] = [
    ['phase', `${phase}, for ${age(sinceMs)} (since ${since})`],
    ['ready', ready ? 'yes' : 'no'],
    [
      'app',
      `${health.up ? 'healthy' : 'not healthy'} (${[health.kind, health.lastError].filter(Boolean).join(': ')})`,
    ],
    ['connections', `${connections.client} from clients, ${connections.app} to the app`],
    ['in flight', inFlight(status)],
    ...status.inFlight.requests
      .slice(0, REQUESTS_SHOWN)
      .map((one): [string, string] => ['', requestLine(one)]),
  ]
  if (status.inFlight.requests.length > REQUESTS_SHOWN) rows.push(['', '... --json has more'])
  if (triggers.length > 0)
    rows.push(['drain', `by ${triggers.join(', ')}${proof ? '; the pod is being stopped' : ''}`])
  if (saved.inFlight + saved.arrived > 0)
    rows.push([
      'saved',
      `${saved.inFlight} in flight when the stop began, ${saved.arrived} that arrived later`,
    ])
  if (verdict !== null) rows.push(['last drain', verdict.text])
  return rows.map(([label, text]) => label.padEnd(LABEL) + text).join('\n')
}

/** `draining: 3 in flight (http1 2, websocket 1), the oldest GET /slow for 12.3s` */
export function progressLine(status: Status): string {
  const [oldest] = status.inFlight.requests
  const what = oldest === undefined ? '' : `, the oldest ${nameOf(oldest)} for ${age(oldest.ageMs)}`
  return `${status.phase}: ${inFlight(status)} in flight${what}`
}

/** `250ms`, `12.3s`, `4m 5s`, `3h 20m` */
export function age(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes}m ${Math.floor(ms / 1000) % 60}s`
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/** `3 (http1 2, websocket 1)`, or `nothing`. */
function inFlight({ inFlight: counts }: Status): string {
  if (counts.total === 0) return 'nothing'
  const parts = PROTOCOLS.filter((protocol) => counts[protocol] > 0)
  return `${counts.total} (${parts.map((protocol) => `${protocol} ${counts[protocol]}`).join(', ')})`
}

type Request = Status['inFlight']['requests'][number]

function requestLine(request: Request): string {
  return `${age(request.ageMs).padStart(7)}  ${nameOf(request)}  from ${request.client}`
}

/** Control bytes in a target would be obeyed by the terminal. */
function nameOf({ protocol, method, target }: Request): string {
  const name = [method, target].filter((part) => part !== undefined).join(' ')
  const safe = name.replace(/[^ -~]/g, '?').slice(0, TARGET_CHARACTERS)
  return safe === '' ? protocol : `${safe} (${protocol})`
}
