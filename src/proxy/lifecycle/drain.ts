/**
 * The facts of a drain, pure: who asked for it, what that proves, when the clock began, what the app's address does,
 * and whether hooks wait. Decides no phase: that is machine.ts. The rules are DESIGN §3, "What starts a drain" and
 * "One deadline".
 */
import { type Budget, EXIT_RESERVE_MS, LEAST_GRACE_MS } from './budget.ts'
import type { Drain, Effect, Event, HookCall, State, Trigger } from './state.ts'

/** Whether the pod is taken to stop. Nothing less closes the listener. */
export function proven({ triggers }: Drain): boolean {
  return triggers.includes('sidecar') || triggers.includes('signal')
}

/** Whether the kubelet itself has said that this container stops. A hook may have been anybody's call. */
export function signalled({ triggers }: Drain): boolean {
  return triggers.includes('signal')
}

/**
 * Whether the process may end: after a signal, or when the app has ended in a drain with proof. A native sidecar gets
 * its signal when the app has ended; an app that has never been there has not ended.
 */
export function mayEnd(drain: Drain): boolean {
  return signalled(drain) || (proven(drain) && drain.app === 'gone' && drain.appMet)
}

/**
 * When the drain is over, whatever is still in flight; undefined without a trigger of the kubelet. Without a signal it
 * is the moment by which a real stop would have brought one. After a signal it is the one deadline, but the kubelet
 * leaves 2 s after a SIGTERM, however late it comes.
 */
export function overAt({ clockAt, signalAt, app }: Drain, budget: Budget): number | undefined {
  if (clockAt === undefined) return undefined
  if (signalAt === undefined) return clockAt + budget.falseAlarmMs
  const deadline = clockAt + budget.cutMs
  // A native sidecar's signal comes so late if its app was killed at the end of the grace period. With the app still
  // there, the hook was not the kubelet's: the stop, and its clock, begin with the signal.
  if (signalAt >= deadline && app !== 'gone') return signalAt + budget.cutMs
  return Math.max(deadline, signalAt + LEAST_GRACE_MS - EXIT_RESERVE_MS)
}

/** The app's container is about to be stopped, the pod is not (as far as we know): the app may come back, and so may we. */
export function appStops(drain: Drain): boolean {
  return drain.triggers.includes('app') && !proven(drain)
}

/** Whether the app's address matters: an operator's drain expects nothing of the app. */
export function watched(drain: Drain): boolean {
  return proven(drain) || appStops(drain)
}

/** How long a stop still has until what is in flight is cut, in ms; the whole of it while none is proven: nothing is cut then. */
export function leftMs(state: State, now: number): number {
  if (state.phase === 'exited') return 0
  const { budget } = state
  if (!('drain' in state) || !proven(state.drain)) return budget.cutMs
  const { clockAt = now, signalAt } = state.drain
  const at = signalAt === undefined ? clockAt + budget.cutMs : overAt(state.drain, budget)
  return Math.max(0, (at ?? now) - now)
}

/** Whether there is evidence that something stops: the pod by proof, or the app, as it has gone. */
export function evident(drain: Drain): boolean {
  return proven(drain) || drain.app !== 'there'
}

/** What a verdict tells of the drain that is over. */
export function summary(state: State): Omit<Extract<Effect, { kind: 'verdict' }>, 'kind'> {
  if (!('drain' in state)) return { triggers: [], appWent: false }
  return { triggers: state.drain.triggers, appWent: state.drain.app !== 'there' }
}

/** A drain that begins with this event. */
export function begun(event: Event, appUp: boolean, now: number, budget: Budget): Drain {
  const fresh: Drain = {
    triggers: [],
    clockAt: undefined,
    signalAt: undefined,
    calls: [],
    app: 'there',
    appUp,
    appMet: appUp,
    settled: false,
    hooks: { kind: 'none' },
  }
  return told(fresh, event, now, budget)
}

/** What is left of a drain when what hooks began is over. */
export function onlyOperators({ appUp, appMet, settled }: Drain): Drain {
  const nothing = { clockAt: undefined, signalAt: undefined, calls: [], hooks: { kind: 'none' } } as const
  return { ...nothing, triggers: ['operator'], app: 'there', appUp, appMet, settled }
}

/** The drain with what the event tells. */
export function told(drain: Drain, event: Event, now: number, budget: Budget): Drain {
  switch (event.kind) {
    case 'app-up':
      // Healthy, so it accepts: the watch may say so a moment later.
      return { ...drain, appUp: true, appMet: true, app: drain.app === 'gone' ? 'back' : drain.app }
    case 'app-down':
      return { ...drain, appUp: false }
    case 'app-gone':
      return watched(drain) ? { ...drain, app: 'gone' } : drain
    case 'app-back':
      return { ...drain, appMet: true, app: drain.app === 'gone' ? 'back' : drain.app }
    case 'app-restarted':
      // In a pod that stops nobody starts a container again: what was seen there is not the app's restart.
      return appStops(drain) ? { ...drain, appMet: true, app: 'back' } : drain
    case 'hook':
      return {
        ...asked(drain, event.who, now, budget),
        calls: withCall(drain.calls, { who: event.who, from: event.from }),
        hooks: { kind: 'waiting' },
      }
    case 'signal':
      return { ...asked(drain, 'signal', now, budget), signalAt: drain.signalAt ?? now }
    case 'drain':
      return asked(drain, 'operator', now, budget)
    case 'resume':
    case 'tick':
    case 'quiesced':
    case 'idle-closed':
    case 'lingered':
      break
  }
  return drain
}

/** A trigger joins. The clock runs from the kubelet's first. */
function asked(drain: Drain, trigger: Trigger, now: number, budget: Budget): Drain {
  if (drain.triggers.includes(trigger)) return drain
  const triggers = [...drain.triggers, trigger]
  if (trigger === 'operator') return { ...drain, triggers }
  const proves = !proven(drain) && proven({ ...drain, triggers })
  const anew = proves && wasRestart(drain, now, budget)
  return { ...drain, triggers, clockAt: anew ? now : (drain.clockAt ?? now) }
}

/**
 * Whether an unproven drain was about a restart of the app alone, so that the stop of the pod, and its clock, begin with
 * the proof. The app has come back: in a pod that stops nobody starts it again. Or the deadline has passed: in a pod that
 * stops the kubelet would have killed lastcall by now.
 */
function wasRestart({ app, clockAt }: Drain, now: number, { cutMs }: Budget): boolean {
  return app === 'back' || (clockAt !== undefined && clockAt + cutMs <= now)
}

function withCall(calls: readonly HookCall[], call: HookCall): readonly HookCall[] {
  return calls.some(({ who }) => who === call.who) ? calls : [...calls, call]
}
