/** Closed lists of words, and their types: what lastcall counts and labels. Imports nothing; every file may use it. */

export const PROTOCOLS = ['http1', 'http2', 'websocket', 'tunnel', 'opaque', 'tcp'] as const
/** How a request in flight is carried; also the label `kind` of lastcall_in_flight. */
export type Protocol = (typeof PROTOCOLS)[number]

/** The methods with a label of their own. All others share `other`, so that clients cannot grow the metrics. */
export const LABELLED_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export const METHODS = [...LABELLED_METHODS, 'other'] as const
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const

/** Why lastcall refused a request or connection: the labels of lastcall_refused_total. */
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

/** Who ended a pair, and why. */
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

/**
 * When a request arrived that the stop would have lost: before the stop began, or after. The labels of
 * lastcall_saved_requests_total.
 */
export const SAVED_HOW = ['in_flight', 'arrived'] as const

/** A request in flight, as /status shows it. */
export interface RequestInFlight {
  readonly protocol: Protocol
  readonly ageMs: number
  /** The client's address. */
  readonly client: string
  readonly method?: string
  readonly target?: string
}
