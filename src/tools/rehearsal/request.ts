/** What is to be rehearsed, as the command line says it. Pure. */

const PORT = '{port}'

export interface RehearseRequest {
  /** As written: `{port}` still stands for the port. */
  readonly command: readonly [string, ...string[]]
  readonly path: string
  readonly post: string | undefined
  readonly replicas: number
  readonly rollouts: number
  /** Undefined: any. */
  readonly seed: number | undefined
  readonly mode: 'native' | 'plain'
  /** Sleep hooks to compare with, besides bare. */
  readonly sleepsMs: readonly number[]
  readonly lagMs: number
  readonly readyWithinMs: number
  readonly graceMs: number
  readonly json: boolean
  readonly svg: string | undefined
  /** The path that the readiness probe asks; undefined: it connects. From `--health`. */
  readonly healthPath: string | undefined
  /** For the command line of the sidecars; `{port}` stands for the app's port. */
  readonly flags: readonly string[]
}

/** Puts the port in the place of each `{port}`. */
export function withPort(text: string, port: number): string {
  return text.replaceAll(PORT, String(port))
}
