/**
 * The words of the lifecycle: its phases, what can happen, what it may ask for, and what it can see. Types and the
 * list of phases only; every rule is in machine.ts.
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
 * Who asked for a drain. `sidecar` and `signal` are proof enough to refuse new connections; only `signal` is known to
 * come from the kubelet, as anybody who reaches the admin port can call a hook.
 */
export type Trigger = 'app' | 'sidecar' | 'signal' | 'operator'

/** One preStop hook, and the address that called it. */
export interface HookCall {
  readonly who: 'app' | 'sidecar'
  readonly from: string
}

export type Event =
  /** The health judge's verdicts. */
  | { readonly kind: 'app-up' | 'app-down' }
  /** What the watch of the app's address saw: it refuses connections; it accepts them again. */
  /** `app-restarted`: some of its ports went away, and all are there again. */
  | { readonly kind: 'app-gone' | 'app-back' | 'app-restarted' }
  /** GET /prestop/app and GET /prestop/sidecar. */
  | ({ readonly kind: 'hook' } & HookCall)
  | { readonly kind: 'signal'; readonly name: 'SIGTERM' | 'SIGINT' }
  /** The operator's POST /drain and POST /resume. */
  | { readonly kind: 'drain' | 'resume' }
  /**
   * `tick`: the time of `wakeAt` has come. `quiesced`: nothing is in flight any more. `idle-closed`: close-idle has
   * been done; what its clients had sent by then is in flight. `lingered`: no client is connected any more.
   */
  | { readonly kind: 'tick' | 'quiesced' | 'idle-closed' | 'lingered' }

/** What the machine can see besides the event. Times in ms of one monotonic clock. */
export interface View {
  readonly now: number
  /** Requests (tunnels, streams, opaque pairs) in flight, those held at the door included. */
  readonly inFlight: number
  /** The last new connection or request that was no probe; -Infinity if there was none. */
  readonly lastArrivalAt: number
  /** Client connections still open. */
  readonly connections: number
}

/** How clients are treated. */
export type ClientMode = 'serving' | 'lame-duck' | 'draining'

export type Effect =
  | { readonly kind: 'moved'; readonly from: Phase; readonly to: Phase; readonly why: string }
  | { readonly kind: 'close-listener' }
  | { readonly kind: 'open-listener' }
  /** `lameDuck`: every response says Connection: close. `leaving`: and what has no end is told to end. */
  | { readonly kind: 'client-mode'; readonly clientMode: ClientMode }
  /** Requests wait at the door until the app may be asked again (at most connect-wait). */
  | { readonly kind: 'queue-requests'; readonly on: boolean }
  /** The app has ended in a pod that stops: those who wait for it are told so. Off: it may come (back). */
  | { readonly kind: 'app-lost'; readonly on: boolean }
  /** Probe the app's address quickly, and report what is seen first and then each change. */
  | { readonly kind: 'watch-app'; readonly on: boolean }
  /** Read what idle clients have sent already, half-close those still idle, and say idle-closed. They linger. */
  | { readonly kind: 'close-idle' }
  | { readonly kind: 'answer-hooks' }
  /** Nothing followed these hook calls: the operator has to know who made them. */
  | { readonly kind: 'false-alarm'; readonly calls: readonly HookCall[] }
  /** Reset what is left in flight. */
  | { readonly kind: 'cut' }
  /** `appWent`: the app has ended since the kubelet's first trigger, or some of its ports have; it may be back. */
  | { readonly kind: 'verdict'; readonly triggers: readonly Trigger[]; readonly appWent: boolean }
  | { readonly kind: 'exit'; readonly code: 0 | 1 }

/** What is known of a drain while it lasts. */
export interface Drain {
  /** Who asked, in the order of their first call. */
  readonly triggers: readonly Trigger[]
  /** When the one deadline began to run: the kubelet's first trigger. An operator's drain has none. */
  readonly clockAt: number | undefined
  /** When the first signal came. */
  readonly signalAt: number | undefined
  /** The first call of each hook. */
  readonly calls: readonly HookCall[]
  /** What the watch saw of the app's addresses since the drain began; `back` only after some or all had gone. */
  readonly app: 'there' | 'gone' | 'back'
  readonly appUp: boolean
  /** The app was up when the drain began, or has been seen since: only what was there can have ended. */
  readonly appMet: boolean
  /**
   * Clients have had settle and lame duck, or nothing is owed to them: the app was never in the endpoints, or it ended
   * in a pod that stops. Until then proof begins them anew instead of closing the listener.
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

/** The phases of a drain; each carries what is known of it. */
export type DrainState =
  | Draining<'settling'>
  | Draining<'lame-duck'>
  /** `closing`: close-idle was asked for, and has not been reported done. */
  | (Draining<'draining'> & { readonly closing: boolean })
  | Draining<'drained'>
  /** `idleClosedAt`: when the last client connections were half-closed, which is when lingering began. */
  | (Draining<'exiting'> & { readonly idleClosedAt: number })

export type State =
  | { readonly phase: 'starting'; readonly budget: Budget }
  | { readonly phase: 'serving'; readonly budget: Budget; readonly appUp: boolean }
  | DrainState
  | { readonly phase: 'exited'; readonly budget: Budget; readonly code: 0 | 1 }
