/** What is asked of lastcall inject, for all workloads or for one. Pure. */
import type { Mode } from './sidecar.ts'
import type { Settings } from './settings.ts'

/** What the command line asks for. */
export interface Request {
  readonly mode: Mode | undefined
  readonly image: string | undefined
  /** The image of a sidecar that has none yet. */
  readonly defaultImage: string
  readonly container: string | undefined
  /** How the app is told to listen on loopback, where the table of bindings.ts does not know. */
  readonly bindEnv: string | undefined
  readonly bindArg: string | undefined
  /** Half of the work: the pods, or then their Services. */
  readonly step: 'pods' | 'services' | undefined
  /** A secret for a sidecar that is new; undefined: none. */
  readonly newToken: (() => string) | undefined
  /** The options of lastcall that were given. */
  readonly given: Settings
}
