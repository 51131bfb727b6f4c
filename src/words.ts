/**
 * The closed lists of words: what is counted and labelled, and the types of it. Depends on nobody; everybody may use it.
 */

export const PROTOCOLS = ['http1', 'http2', 'websocket', 'tunnel', 'opaque', 'tcp'] as const
/** What a request in flight is being carried as; also the `kind` label of lastcall_in_flight. */
export type Protocol = (typeof PROTOCOLS)[number]

/** The methods that get a label of their own; the rest share `other`, so that clients cannot grow the metrics. */
export const LABELLED_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export const METHODS = [...LABELLED_METHODS, 'other'] as const
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const

/** Why the front door said no. Each is a label of lastcall_refused_total. */
export const REFUSALS = [
  'bad-request',
  'smuggling',
  'method',
  'version',
  'head-too-large',
  'target-too-long',
  'body-too-large',
  'head-timeout',
  'max-connections',
  'app-unavailable',
  'app-timeout',
  'app-failed',
  'descriptors',
  'draining',
  'http2',
  'rapid-reset',
  'continuation-flood',
  'ping-flood',
  'settings-flood',
  'priority-flood',
  'window-update-flood',
  'goaway-flood',
  'empty-frames',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** Whose doing the end of a pair was, and what happened. */
export const END_WHO = ['client', 'app', 'lastcall'] as const
export type EndWho = (typeof END_WHO)[number]
export const END_WHY = [
  'closed',
  'aborted',
  'reset',
  'timeout',
  'refused',
  'drained',
  'cut',
  'limit',
  'protocol',
  'fault',
] as const
export type EndWhy = (typeof END_WHY)[number]

/** When a request came that a stop would have cost: before the stop began, or after. Labels of lastcall_saved_requests_total. */
export const SAVED_HOW = ['in_flight', 'arrived'] as const

/** A request in flight, as it is shown. */
export interface RequestInFlight {
  readonly protocol: Protocol
  readonly ageMs: number
  /** The client's address. */
  readonly client: string
  readonly method?: string
  readonly target?: string
}
