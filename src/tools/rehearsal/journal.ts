/**
 * What a rehearsal remembers: the moments of every pod, the connections of the Service, the requests of the clients.
 * Plain records with times of one clock (milliseconds of performance.now); the report is computed from them alone.
 */

/** One thing that happened to a pod, or to one of its containers. */
export interface PodEvent {
  readonly at: number
  readonly pod: string
  readonly container: string | undefined
  readonly what:
    | 'created'
    | 'started'
    | 'ready'
    | 'unready'
    /** The Service has learned of a change; `detail` is the endpoint's state from now on. */
    | 'endpoint-learned'
    | 'deleted'
    | 'hook-called'
    | 'hook-answered'
    | 'hook-failed'
    | 'hook-overdue'
    | 'sigterm'
    | 'sigkill'
    | 'exited'
    | 'restarting'
    | 'gone'
  readonly detail: string | undefined
}

/** Who ended a connection of the Service first, and how. */
export type FirstEnd =
  | 'client-fin'
  | 'client-rst'
  | 'pod-fin'
  | 'pod-rst'
  | 'refused'
  | 'no-endpoint'
  | 'closed'

export interface ConnectionRecord {
  /** The client's own port: what joins a request to its connection. */
  readonly clientPort: number
  readonly pod: string | undefined
  readonly openedAt: number
  firstEnd: FirstEnd | undefined
  firstEndAt: number | undefined
  clientBytes: number
  podBytes: number
  /** When bytes of the client were last passed on to the pod. */
  passedOnAt: number | undefined
}

export interface RequestRecord {
  /** Which client of the mix sent it. */
  readonly client: string
  readonly method: string
  readonly path: string
  readonly startedAt: number
  readonly endedAt: number
  /** How long the client had been silent before. */
  readonly idleMs: number
  readonly status: number | undefined
  /** Why it counts as failed; undefined if it does not. */
  readonly failure: string | undefined
  /** The pod that answered, as its header says. */
  readonly pod: string | undefined
  readonly reused: boolean
  readonly clientPort: number | undefined
  /** The id in the ledger, if the request was to be applied exactly once. */
  readonly order: string | undefined
}
