/** The request to lastcall inject, for all workloads or for one. Pure. */
import type { Mode } from './sidecar.ts'
import type { Settings } from './settings.ts'

/** The options of inject. */
export interface Request {
  readonly mode: Mode | undefined
  readonly image: string | undefined
  /** The image of a new sidecar. */
  readonly defaultImage: string
  readonly container: string | undefined
  /** How to make the app listen on loopback, if the table in bindings.ts does not have it. */
  readonly bindEnv: string | undefined
  readonly bindArg: string | undefined
  /** One half of the work: the pods, or afterwards their Services. */
  readonly step: 'pods' | 'services' | undefined
  /** Makes the token of a new sidecar; undefined: no token. */
  readonly newToken: (() => string) | undefined
  /** The options of lastcall on the command line. */
  readonly given: Settings
}
