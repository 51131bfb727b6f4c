/** What a rule of `lastcall check` is, and what it finds. Types and words only. */
import type { Config } from '../../proxy/config/config.ts'
import type { Path } from './tree.ts'
import type { Container, Place, Workload } from './workload.ts'

export const SEVERITIES = ['error', 'warning'] as const
/** error: requests are lost, or the drain does not work. warning: they may be, or something is not as safe as it could be. */
export type Severity = (typeof SEVERITIES)[number]

export interface Rule {
  /** Words with dashes; for annotations, reports and the page of rules. */
  readonly id: string
  readonly severity: Severity
  /** What is wrong, in a few words. */
  readonly title: string
  /** What happens to requests because of it. */
  readonly requests: string
  /** What to do about it. */
  readonly fix: string
  /** Every place where it is so. */
  readonly find: (world: World) => readonly Site[]
}

/** Where a rule found something, and what it saw there. */
export interface Site {
  readonly place: Place
  readonly path: Path
  /** A sentence: what stands there. */
  readonly saw: string
}

/** All that is judged at once. */
export interface World {
  readonly places: readonly Place[]
  /** The ids of all rules. */
  readonly ids: readonly string[]
  readonly workloads: readonly Judged[]
}

/** A workload with what the rules ask of it again and again. */
export interface Judged {
  readonly workload: Workload
  readonly sidecar: Container | undefined
  /** Of the sidecar, where lastcall would start with it. */
  readonly config: Config | undefined
  /** The containers in front of which lastcall is, or may be: those that serve requests. */
  readonly apps: readonly Container[]
  /** The one that lastcall is in front of. */
  readonly app: Container | undefined
  readonly services: readonly Place[]
  /** The pod's terminationGracePeriodSeconds in ms, by default 30 s. */
  readonly graceMs: number
  /** Whether requests come: a Service in the input selects it, a container has ports, or lastcall is there. */
  readonly serves: boolean
}

export interface Finding extends Site {
  readonly rule: Rule
}
