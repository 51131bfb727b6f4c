/**
 * The JSON of `GET /status`. Pure: built from plain inputs that are defined here, so that the relay, the lifecycle and
 * the health checks can provide them without knowing each other. DESIGN §6.
 */
import { PROTOCOLS, type Protocol, type RequestInFlight } from '../../words.ts'

/** Requests that were served in full although the pod was being stopped. */
export interface StatusSaved {
  /** In flight when the stop began. */
  readonly inFlight: number
  /** Arrived after that. */
  readonly arrived: number
}

/** How the last drain ended: the line of the verdict and its figures, under names that the lifecycle chooses. */
export interface StatusVerdict {
  readonly text: string
  readonly [figure: string]: unknown
}

interface Health {
  readonly up: boolean
  readonly kind: string
  readonly lastError?: string
  readonly lastCheckAt?: string
}

/** One port of several. */
export interface PortStatus {
  /** Its name, usually its number. */
  readonly port: string
  /** The address of the app. */
  readonly app: string
  readonly inFlight: number
  readonly connections: { readonly client: number; readonly app: number }
  readonly health: Health
}

export interface StatusInput {
  /** The version of lastcall. */
  readonly version: string
  readonly phase: string
  /** How long the phase has lasted. */
  readonly sinceMs: number
  /** The wall clock, in ms since the epoch. */
  readonly nowEpochMs: number
  readonly ready: boolean
  /** The age of the current drain; undefined if there is none. */
  readonly drainMs: number | undefined
  /** It is proven that the pod stops. */
  readonly proof: boolean
  /** What started the current drain, in order of arrival; empty if there is none. */
  readonly triggers: readonly string[]
  /** By the current drain, or by the last one. */
  readonly saved: StatusSaved
  /** How many are in flight, by index into PROTOCOLS: `Counters.inFlight`. */
  readonly inFlight: ArrayLike<number>
  readonly requests: Iterable<RequestInFlight>
  readonly connections: { readonly client: number; readonly app: number }
  readonly health: Health
  /** Only if there are several. */
  readonly ports?: readonly PortStatus[]
  readonly verdict: StatusVerdict | null
}

export type Status = Pick<
  StatusInput,
  | 'version'
  | 'phase'
  | 'sinceMs'
  | 'ready'
  | 'proof'
  | 'triggers'
  | 'saved'
  | 'connections'
  | 'health'
  | 'ports'
  | 'verdict'
> & {
  /** When the phase began, ISO 8601. */
  readonly since: string
  /** The age of the current drain; null if there is none. */
  readonly drainMs: number | null
  readonly inFlight: Readonly<Record<Protocol | 'total', number>> & {
    /** At most 100, oldest first. */
    readonly requests: readonly RequestInFlight[]
  }
}

const REQUESTS_SHOWN = 100
const TARGET_CHARACTERS = 200

/** The current status; ages are whole milliseconds. */
export function buildStatus(input: StatusInput): Status {
  const { version, phase, sinceMs, nowEpochMs, ready, drainMs, proof, triggers } = input
  const { saved, connections, health, ports, verdict } = input
  const requests = [...input.requests].toSorted((one, other) => other.ageMs - one.ageMs)
  return {
    version,
    phase,
    since: new Date(nowEpochMs - sinceMs).toISOString(),
    sinceMs: Math.round(sinceMs),
    ready,
    drainMs: drainMs === undefined ? null : Math.round(drainMs),
    proof,
    triggers,
    saved,
    inFlight: {
      ...protocolCounts(input.inFlight),
      requests: requests.slice(0, REQUESTS_SHOWN).map(shownRequest),
    },
    connections,
    health,
    ...(ports !== undefined && { ports }),
    verdict,
  }
}

/** Turns counts by index into PROTOCOLS into counts by name, with their sum. */
export function protocolCounts(inFlight: ArrayLike<number>): Record<Protocol | 'total', number> {
  const counts = PROTOCOLS.map((protocol, index) => [protocol, inFlight[index] ?? 0] as const)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return { total, ...(Object.fromEntries(counts) as Record<Protocol, number>) }
}

/** Without the query: anybody who reaches the port can read /status, and queries contain keys and personal data. */
export function shownRequest({ protocol, ageMs, client, method, target }: RequestInFlight): RequestInFlight {
  const path = target?.replace(/\?.*$/s, '?…').slice(0, TARGET_CHARACTERS)
  return {
    protocol,
    ageMs: Math.round(ageMs),
    client,
    ...(method !== undefined && { method }),
    ...(path !== undefined && { target: path }),
  }
}
