/** What a pod is made of, in the words of a manifest, as far as the rehearsal's kubelet understands them. */

import type { Endpoint } from './endpoints.ts'

export type Hook =
  | { readonly kind: 'httpGet'; readonly url: string }
  | { readonly kind: 'sleep'; readonly ms: number }

export type ProbeTarget =
  | { readonly kind: 'httpGet'; readonly url: string }
  | { readonly kind: 'tcpSocket'; readonly host: string; readonly port: number }

export interface Probe {
  readonly target: ProbeTarget
  readonly periodMs: number
  readonly timeoutMs: number
  readonly failures: number
}

export interface ContainerSpec {
  readonly name: string
  /** main: an ordinary container; native: a sidecar in the way of an init container with restartPolicy Always. */
  readonly role: 'main' | 'native'
  /** The program and its arguments; started without a shell. */
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly preStop?: Hook
  readonly startup?: Probe
  readonly readiness?: Probe
  readonly liveness?: Probe
}

export interface PodSpec {
  readonly name: string
  /** Where the Service sends this pod's connections. */
  readonly endpoint: Endpoint
  /** The same for the Services of its other ports, in their order. */
  readonly others?: readonly Endpoint[]
  readonly graceMs: number
  /** Native sidecars in the order of their start, then the main containers. */
  readonly containers: readonly ContainerSpec[]
}
