/** The types of rules of `lastcall check` and of what they find. */
import type { Config } from '../../proxy/config/config.ts'
import type { Path } from './tree.ts'
import type { Container, Place, Workload } from './workload.ts'

export const SEVERITIES = ['error', 'warning'] as const
/** error: requests are lost, or the drain does not work. warning: requests may be lost, or something is less safe than it could be. */
export type Severity = (typeof SEVERITIES)[number]

export interface Rule {
  /** In kebab case; for annotations, reports and the page of rules. */
  readonly id: string
  readonly severity: Severity
  /** What is wrong, in a few words. */
  readonly title: string
  /** What happens to requests because of it. */
  readonly requests: string
  /** What to do about it. */
  readonly fix: string
  /** Every place that breaks the rule. */
  readonly find: (world: World) => readonly Site[]
}

/** A place that breaks a rule, and what was found there. */
export interface Site {
  readonly place: Place
  readonly path: Path
  /** What was found, as a sentence. */
  readonly saw: string
}

/** Everything that the rules are applied to. */
export interface World {
  readonly places: readonly Place[]
  /** The ids of all rules. */
  readonly ids: readonly string[]
  readonly workloads: readonly Judged[]
}

/** A workload with the facts that many rules need. */
export interface Judged {
  readonly workload: Workload
  readonly sidecar: Container | undefined
  /** The configuration of the sidecar, if lastcall would start with it. */
  readonly config: Config | undefined
  /** The containers that serve requests, which lastcall proxies or could proxy. */
  readonly apps: readonly Container[]
  /** The container that lastcall proxies. */
  readonly app: Container | undefined
  readonly services: readonly Place[]
  /** The pod's terminationGracePeriodSeconds in ms, by default 30 s. */
  readonly graceMs: number
  /** Whether it receives requests: a Service in the input selects it, a container has ports, or it has lastcall. */
  readonly serves: boolean
}

export interface Finding extends Site {
  readonly rule: Rule
}
