/** What the benchmark has to know of a proxy to compare it: where it is, how it is started, what it is called. */

import type { Command } from '../child.ts'

export interface Places {
  /** Ports of 127.0.0.1: where it listens, where its own admin server may listen, and where the app is. */
  readonly listen: number
  readonly admin: number
  readonly app: number
  /** Where it listens for HTTP/2 with prior knowledge, if it cannot do both on one port. */
  readonly http2: number
  /** A folder of its own, for what it wants to write. */
  readonly folder: string
  /** How many files it may open, and how many client connections that is if each needs one to the app. */
  readonly files: number
  readonly connections: number
}

export interface Launch {
  readonly command: Command
  readonly env?: NodeJS.ProcessEnv
  /** Its port for HTTP/2 with prior knowledge, where that is another one. */
  readonly http2?: number
}

/** What not every peer speaks. */
export type Protocol = 'WebSocket' | 'HTTP/2' | 'gRPC'
export type Lacks = Partial<Readonly<Record<Protocol, string>>>

export type Located =
  | { readonly kind: 'found'; readonly version: string; readonly launch: (places: Places) => Launch }
  | { readonly kind: 'missing'; readonly why: string }

export interface Peer {
  readonly name: string
  /** A line for the report: what it is and how it is set up. */
  readonly about: string
  /** What it does not speak, and why. */
  readonly lacks?: Lacks
  /** Measured only where the command line names it. */
  readonly onlyNamed?: true
  /** Looks for it on this machine. `paths` are those given on the command line, by the peer's name. */
  readonly locate: (paths: ReadonlyMap<string, string>) => Located
}

/** No proxy: the clients talk to the app. */
export const DIRECT = 'direct'
