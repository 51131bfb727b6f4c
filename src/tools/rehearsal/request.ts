/** What is to be rehearsed, as the command line says it. Pure. */

import type { RollingLimits } from './rolling.ts'

/** `{port}`, and `{port2}` and so on where the app has several. */
const PORT = /\{port([2-9]?)\}/g

export interface RehearseRequest {
  /** As written: `{port}` still stands for the port. */
  readonly command: readonly [string, ...string[]]
  readonly path: string
  readonly post: string | undefined
  readonly replicas: number
  readonly rollouts: number
  readonly rolling: RollingLimits
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
  readonly html: string | undefined
  /** The path that the readiness probe asks; undefined: it connects. From `--health`. */
  readonly healthPath: string | undefined
  /** The app's other ports, `{port2}` and so on, each with what lastcall relays there. */
  readonly others: readonly ('auto' | 'tcp')[]
  /** For the command line of the sidecars; `{port}` stands for the app's port. */
  readonly flags: readonly string[]
}

/** Puts the port in the place of each `{port}`, and the others in that of `{port2}` and so on; what is none of them stays. */
export function withPorts(text: string, port: number, others: readonly number[]): string {
  const all = [port, ...others]
  return text.replaceAll(PORT, (word, number: string) =>
    String(all[number === '' ? 0 : Number(number) - 1] ?? word),
  )
}
