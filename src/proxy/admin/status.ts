/**
 * What `GET /status` says, as JSON. Pure: built from plain inputs, defined here, that the relay, the lifecycle and the
 * health checker can give without knowing of each other. DESIGN §6.
 */
import { PROTOCOLS, type Protocol, type RequestInFlight } from '../../words.ts'

/** Requests that were served in full although the pod was being stopped. */
export interface StatusSaved {
  /** In flight when the stop began. */
  readonly inFlight: number
  /** Arrived after that. */
  readonly arrived: number
}

/** How the last drain ended: the verdict line, and its figures under names of the lifecycle's choice. */
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
  /** What it is called: its number, as a rule. */
  readonly port: string
  /** Where the app is. */
  readonly app: string
  readonly inFlight: number
  readonly connections: { readonly client: number; readonly app: number }
  readonly health: Health
}

export interface StatusInput {
  /** Of lastcall. */
  readonly version: string
  readonly phase: string
  /** Since when the phase lasts. */
  readonly sinceMs: number
  /** The wall clock now, milliseconds of the epoch. */
  readonly nowEpochMs: number
  readonly ready: boolean
  /** The age of the drain that runs; undefined outside of one. */
  readonly drainMs: number | undefined
  /** Is it proven that the pod stops? */
  readonly proof: boolean
  /** What started this drain, in the order of arrival; empty outside of one. */
  readonly triggers: readonly string[]
  /** By the drain that runs, or else by the last one. */
  readonly saved: StatusSaved
  /** How many are in flight, by index into PROTOCOLS: `Counters.inFlight`. */
  readonly inFlight: ArrayLike<number>
  readonly requests: Iterable<RequestInFlight>
  readonly connections: { readonly client: number; readonly app: number }
  readonly health: Health
  /** Where there are several. */
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
  /** The age of the drain that runs; null outside of one. */
  readonly drainMs: number | null
  readonly inFlight: Readonly<Record<Protocol | 'total', number>> & {
    /** At most 100, the oldest first. */
    readonly requests: readonly RequestInFlight[]
  }
}

const REQUESTS_SHOWN = 100
const TARGET_CHARACTERS = 200

/** The status of this moment; ages are whole milliseconds. */
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

/** By name, and their sum, from what is counted by index into PROTOCOLS. */
export function protocolCounts(inFlight: ArrayLike<number>): Record<Protocol | 'total', number> {
  const counts = PROTOCOLS.map((protocol, index) => [protocol, inFlight[index] ?? 0] as const)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return { total, ...(Object.fromEntries(counts) as Record<Protocol, number>) }
}

/** Without the query: /status is open to whoever reaches the port, and queries carry keys and personal data. */
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
