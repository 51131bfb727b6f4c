/** What one lastcall holds at a moment: by its own metrics, and by the kernel. */
import { parseExposition } from '../fixtures/exposition.ts'
import type { Sidecar } from '../fixtures/sidecar.ts'

export interface Sample {
  /** Milliseconds since the soak began. */
  readonly atMs: number
  readonly rssBytes: number
  /** Used, of V8's heap. */
  readonly heapBytes: number
  /** Open descriptors; one of them is the question's own. */
  readonly fds: number
  readonly inFlight: number
  /** Open connections. */
  readonly clients: number
  readonly apps: number
  /** Requests that have reached the app so far. */
  readonly arrived: number
  /** Gauges that have to be 0 when nobody is there, and are not. */
  readonly notZero: readonly string[]
  /** Counters that have to agree when nobody is there, and do not. */
  readonly unequal: readonly string[]
}

/** Takes a sample. `began`: of `performance.now()`; `arrived`: as the app has counted. */
export async function takeSample(sidecar: Sidecar, began: number, arrived: number): Promise<Sample> {
  const { body } = await sidecar.ask('GET', '/metrics')
  const { series } = parseExposition(body)
  const { fds, rssBytes } = sidecar.resources()
  const sum = (prefix: string): number =>
    [...series].reduce((total, [name, value]) => (name.startsWith(prefix) ? total + value : total), 0)
  const accepted = sum('lastcall_connections_total{side="client"}')
  const ended = sum('lastcall_pair_ends_total{')
  const requests = sum('lastcall_requests_total{')
  const timed = sum('lastcall_request_duration_seconds_count')
  return {
    atMs: Math.round(performance.now() - began),
    rssBytes,
    heapBytes: sum('nodejs_heap_size_used_bytes'),
    fds,
    inFlight: sum('lastcall_in_flight{'),
    clients: sum('lastcall_connections{side="client"}'),
    apps: sum('lastcall_connections{side="app"}'),
    arrived,
    notZero: [...series].flatMap(([name, value]) =>
      /^lastcall_(?:in_flight|connections)\{/.test(name) && value !== 0 ? [`${name} ${value}`] : [],
    ),
    unequal: [
      ...(accepted === ended ? [] : [`${accepted} clients were accepted, ${ended} ended`]),
      ...(requests === timed ? [] : [`${requests} requests ended, ${timed} were timed`]),
    ],
  }
}
