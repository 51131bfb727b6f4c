/**
 * What the page's event stream contains: the current state in parts. The text of a part stays the same while nothing
 * happens, so that changes can be found by comparison. So parts contain times, not ages: ms of the monotonic clock,
 * like `now` of each event. Pure. The script of the page (src/page) imports the types.
 */
import type { Protocol, RequestInFlight } from '../../words.ts'
import {
  type PortStatus,
  protocolCounts,
  shownRequest,
  type StatusInput,
  type StatusSaved,
} from './status.ts'

/** The current drain. */
export interface LiveDrain {
  readonly beganAt: number
  /** When the kubelet's clock began to run; null in a drain by an operator, which has no deadline. */
  readonly clockAt: number | null
  /** In lame duck: when the last connection or request arrived, or when the phase began. */
  readonly quietFrom: number | null
  /** The phases so far and when each began; the current one last. */
  readonly phases: readonly (readonly [phase: string, at: number])[]
}

/** The durations of --settle and the others, in ms; `hook` and `cut` count from the kubelet's first call or signal. */
export interface LiveBudget {
  readonly settle: number
  readonly quiet: number
  readonly lameDuckMax: number
  readonly hook: number
  readonly cut: number
  readonly grace: number
}

/** How a drain ended. */
export interface LiveVerdict {
  readonly text: string
  readonly outcome: 'exited' | 'returned'
  readonly drainMs: number
  readonly phasesMs: Readonly<Partial<Record<string, number>>>
  readonly finished: number
  readonly cut: number
  readonly saved: StatusSaved
  /** When the drain ended, in ms since the epoch. */
  readonly endedAt: number
}

export interface LiveInput extends StatusInput {
  /** The current time of the monotonic clock. */
  readonly nowMs: number
  readonly budget: LiveBudget
  readonly drain: LiveDrain | null
  /** Newest first. */
  readonly verdicts: readonly LiveVerdict[]
  /** A token is required for /drain and /resume. */
  readonly guarded: boolean
  /** An operator's resume would be accepted. */
  readonly resumable: boolean
}

export interface LiveHealth {
  readonly up: boolean
  readonly kind: string
  readonly lastError?: string
}

export interface LiveRequest extends Omit<RequestInFlight, 'ageMs'> {
  readonly beganAt: number
}

export type LivePort = Omit<PortStatus, 'health'> & { readonly health: LiveHealth }

/** An event contains the parts that have changed; the first event of a stream contains all. */
export interface LiveParts {
  readonly terms: { readonly version: string; readonly budget: LiveBudget; readonly guarded: boolean }
  readonly phase: {
    readonly name: string
    readonly since: number
    readonly ready: boolean
    readonly proof: boolean
    readonly triggers: readonly string[]
    readonly resumable: boolean
  }
  readonly drain: LiveDrain | null
  readonly inFlight: Readonly<Record<Protocol | 'total', number>>
  /** Oldest first; very young ones are left out. */
  readonly requests: readonly LiveRequest[]
  readonly connections: { readonly client: number; readonly app: number }
  readonly health: LiveHealth
  /** By the current drain, or by the last one. */
  readonly saved: StatusSaved
  /** Only if there are several. */
  readonly ports: readonly LivePort[]
  readonly verdicts: readonly LiveVerdict[]
}

/** One event of the stream. */
export type LiveEvent = Partial<LiveParts> & { readonly now: number }

/** The number that the page shows. */
export const LIVE_REQUESTS = 12
/** Requests that end sooner would only flicker. */
export const LIVE_AGE_MS = 200

export function liveParts(input: LiveInput): LiveParts {
  const { version, budget, guarded, phase, sinceMs, nowMs, ready, proof, triggers, resumable } = input
  return {
    terms: { version, budget, guarded },
    phase: { name: phase, since: Math.round(nowMs - sinceMs), ready, proof, triggers, resumable },
    drain: input.drain,
    inFlight: protocolCounts(input.inFlight),
    requests: oldest(input.requests, nowMs),
    connections: input.connections,
    health: liveHealth(input.health),
    saved: input.saved,
    ports: (input.ports ?? []).map(livePort),
    verdicts: input.verdicts,
  }
}

/** The oldest requests, found in one pass: thousands may be in flight, and this runs ten times a second. */
function oldest(requests: Iterable<RequestInFlight>, nowMs: number): LiveRequest[] {
  const found: RequestInFlight[] = []
  for (const request of requests) {
    if (request.ageMs < LIVE_AGE_MS) continue
    if (found.length === LIVE_REQUESTS && found.at(-1)!.ageMs >= request.ageMs) continue
    let place = found.length
    while (place > 0 && found[place - 1]!.ageMs < request.ageMs) place -= 1
    found.splice(place, 0, request)
    if (found.length > LIVE_REQUESTS) found.pop()
  }
  return found.map((request) => liveRequest(request, nowMs))
}

function livePort({ port, app, inFlight, connections, health }: PortStatus): LivePort {
  return { port, app, inFlight, connections, health: liveHealth(health) }
}

function liveRequest(request: RequestInFlight, nowMs: number): LiveRequest {
  const { protocol, client, method, target } = shownRequest(request)
  return {
    protocol,
    beganAt: Math.round(nowMs - request.ageMs),
    client,
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
  }
}

/** Leaves out the time of the last check, which changes with each. */
function liveHealth({ up, kind, lastError }: LiveHealth): LiveHealth {
  return { up, kind, ...(lastError !== undefined && { lastError }) }
}
