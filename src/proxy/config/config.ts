/** The configuration: flags and environment variables, checked and in base units. */

export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** The address to listen on; without a host, all addresses of IPv4 and IPv6. */
export interface ListenAddress {
  readonly host: string | undefined
  /** More addresses of this machine, with the same port: `--listen=[10.0.0.7,fd00::7]:8080`. */
  readonly also?: readonly string[]
  readonly port: number
}

/** How the app's health is checked: by connecting (to the app's address or to another one), or by a GET. */
export type HealthCheck =
  | { readonly kind: 'tcp'; readonly address?: Address }
  | { readonly kind: 'http'; readonly url: string }

/** A header field of a request that lastcall makes itself. */
export type Field = readonly [name: string, value: string]

/**
 * A network from which hooks may be called: the address as 16 bytes (IPv4 mapped) and the length of the prefix of those
 * 128 bits.
 */
export interface Cidr {
  readonly text: string
  readonly bytes: Uint8Array
  readonly prefix: number
}

/** One port that is served: where clients connect, the app behind it, and the protocol. */
export interface Served {
  readonly listen: ListenAddress
  readonly app: Address
  readonly protocol: 'auto' | 'tcp'
}

/** `listen`, `app` and `protocol` are those of the first port. */
export interface Config extends Served {
  /** All ports in the order given; at least one. */
  readonly ports: readonly Served[]
  readonly admin: ListenAddress
  readonly relay: 'native' | 'portable'
  readonly gracePeriodMs: number
  readonly settleMs: number
  readonly quietMs: number
  readonly lameDuckMaxMs: number
  readonly appStopMs: number
  readonly readinessOnDrain: 'fail' | 'keep'
  readonly health: HealthCheck
  /** Sent with each http health check. */
  readonly healthHeaders: readonly Field[]
  readonly healthPolicy: 'always' | 'start'
  readonly healthIntervalMs: number
  readonly healthTimeoutMs: number
  readonly healthFailures: number
  readonly healthSuccesses: number
  readonly lbHealthPath: string | undefined
  readonly forwardedFor: 'append' | 'off'
  readonly connectWaitMs: number
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxHeadBytes: number
  /** 0: as many as the limits of open files and of memory allow. */
  readonly maxConnections: number
  readonly websocketSpreadMs: number
  readonly token: string | undefined
  readonly hookAllow: readonly Cidr[]
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly accessLog: 'off' | 'errors' | 'all'
}
