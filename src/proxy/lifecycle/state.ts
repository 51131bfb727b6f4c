/**
 * The vocabulary of the lifecycle: phases, events, effects, and what the machine can see. Only types and the list of
 * phases; every rule is in machine.ts.
 */
import type { Budget } from './budget.ts'

export const PHASES = [
  'starting',
  'serving',
  'settling',
  'lame-duck',
  'draining',
  'drained',
  'exiting',
  'exited',
] as const
export type Phase = (typeof PHASES)[number]

/**
 * Who asked for a drain. `sidecar` and `signal` prove enough to refuse new connections. Only `signal` is certain to
 * come from the kubelet, because anybody who reaches the admin port can call a hook.
 */
export type Trigger = 'app' | 'sidecar' | 'signal' | 'operator'

/** One preStop hook, and the address that called it. */
export interface HookCall {
  readonly who: 'app' | 'sidecar'
  readonly from: string
}

export type Event =
  /** Results of the health checks. */
  | { readonly kind: 'app-up' | 'app-down' }
  /** Results of the watch of the app's addresses: they refuse connections, or accept them again. */
  /** `app-restarted`: some of the app's ports had gone, and now all are there again. */
  | { readonly kind: 'app-gone' | 'app-back' | 'app-restarted' }
  /** GET /prestop/app and GET /prestop/sidecar. */
  | ({ readonly kind: 'hook' } & HookCall)
  | { readonly kind: 'signal'; readonly name: 'SIGTERM' | 'SIGINT' }
  /** The operator's POST /drain and POST /resume. */
  | { readonly kind: 'drain' | 'resume' }
  /**
   * `tick`: the time of `wakeAt` has come. `quiesced`: nothing is in flight any more. `idle-closed`: idle connections
   * have been closed, and what their clients had already sent is in flight. `lingered`: no client is connected any
   * more.
   */
  | { readonly kind: 'tick' | 'quiesced' | 'idle-closed' | 'lingered' }

/** What the machine sees besides the event. Times are in ms of one monotonic clock. */
export interface View {
  readonly now: number
  /** Requests (tunnels, streams, opaque pairs) in flight, including those that wait for the app. */
  readonly inFlight: number
  /** When the last new connection or request arrived, not counting probes; -Infinity if there was none. */
  readonly lastArrivalAt: number
  /** Open client connections. */
  readonly connections: number
}

/** How clients are treated. */
export type ClientMode = 'serving' | 'lame-duck' | 'draining'

export type Effect =
  | { readonly kind: 'moved'; readonly from: Phase; readonly to: Phase; readonly why: string }
  | { readonly kind: 'close-listener' }
  | { readonly kind: 'open-listener' }
  /**
   * `lame-duck`: every response says Connection: close. `draining`: streams without an end of their own are ended, too.
   */
  | { readonly kind: 'client-mode'; readonly clientMode: ClientMode }
  /** On: requests wait (at most connect-wait) before they reach the app. */
  | { readonly kind: 'queue-requests'; readonly on: boolean }
  /** On: the app has ended in a pod that stops, and whoever waits for it is told so. Off: it may come back. */
  | { readonly kind: 'app-lost'; readonly on: boolean }
  /** Probe the app's addresses at short intervals; report the first result and each change. */
  | { readonly kind: 'watch-app'; readonly on: boolean }
  /**
   * Read what idle clients have already sent, half-close those that are still idle, and report `idle-closed`. They
   * linger.
   */
  | { readonly kind: 'close-idle' }
  | { readonly kind: 'answer-hooks' }
  /** No stop followed these hook calls. They are logged, so that the operator learns who made them. */
  | { readonly kind: 'false-alarm'; readonly calls: readonly HookCall[] }
  /** Reset what is still in flight. */
  | { readonly kind: 'cut' }
  /** `appWent`: since the kubelet's first trigger, the app or some of its ports have ended; they may be back. */
  | { readonly kind: 'verdict'; readonly triggers: readonly Trigger[]; readonly appWent: boolean }
  | { readonly kind: 'exit'; readonly code: 0 | 1 }

/** What is known of a drain while it lasts. */
export interface Drain {
  /** Who asked, in the order of their first call. */
  readonly triggers: readonly Trigger[]
  /** When the one deadline began to run: at the kubelet's first trigger. A drain by an operator alone has none. */
  readonly clockAt: number | undefined
  /** When the first signal came. */
  readonly signalAt: number | undefined
  /** The first call of each hook. */
  readonly calls: readonly HookCall[]
  /**
   * What the watch has seen of the app's addresses since the drain began. `back`: some or all had gone, and all are
   * there again.
   */
  readonly app: 'there' | 'gone' | 'back'
  readonly appUp: boolean
  /** The app was up when the drain began, or has been seen since. An app that was never there cannot have ended. */
  readonly appMet: boolean
  /**
   * Clients have had settle and lame duck, or need neither: the app was never in the endpoints, or it ended in a pod
   * that stops. If this is false, proof starts those phases over instead of closing the listener.
   */
  readonly settled: boolean
  readonly hooks:
    | { readonly kind: 'none' }
    | { readonly kind: 'waiting' }
    | { readonly kind: 'answered'; readonly at: number }
}

interface Draining<P extends Phase> {
  readonly phase: P
  readonly budget: Budget
  /** When this phase began. */
  readonly since: number
  readonly drain: Drain
}

/** The phases of a drain, each with the facts of the drain. */
export type DrainState =
  | Draining<'settling'>
  | Draining<'lame-duck'>
  /** `closing`: idle connections are being closed; `idle-closed` has not been reported yet. */
  | (Draining<'draining'> & { readonly closing: boolean })
  | Draining<'drained'>
  /** `idleClosedAt`: when the last client connections were half-closed, so when lingering began. */
  | (Draining<'exiting'> & { readonly idleClosedAt: number })

export type State =
  | { readonly phase: 'starting'; readonly budget: Budget }
  | { readonly phase: 'serving'; readonly budget: Budget; readonly appUp: boolean }
  | DrainState
  | { readonly phase: 'exited'; readonly budget: Budget; readonly code: 0 | 1 }
