/** What a benchmark is made of once it has run: samples, each of one peer in one case of one scenario in one round. */

export interface Sample {
  readonly scenario: string
  /** What was asked for: `64 connections, 60 bytes`. */
  readonly case: string
  readonly peer: string
  readonly round: number
  /** Numbers by name; the unit is part of the name (report/metrics.ts). */
  readonly values: Readonly<Record<string, number>>
  /** Why it must be read with care: `load-bound`, `errors: …`. */
  readonly marks: readonly string[]
  /** Latency in microseconds at each of load/messages.ts PERCENTILES. */
  readonly curve?: readonly number[]
  /** The stop of each pod, for the drain scenario. */
  readonly pods?: readonly PodStop[]
}

export interface PodStop {
  readonly goneMs: number
  readonly lastConnectionMs: number
  /** When requests failed, from the pod's deletion. */
  readonly failuresMs: readonly number[]
}

export interface Results {
  readonly date: string
  readonly machine: Readonly<Record<string, string>>
  readonly command: string
  readonly pinning: string
  readonly peers: readonly { readonly name: string; readonly version: string; readonly about: string }[]
  readonly missing: readonly { readonly name: string; readonly why: string }[]
  readonly samples: readonly Sample[]
}
