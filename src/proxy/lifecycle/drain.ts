/**
 * The facts of a drain, pure: who asked for it, what that proves, when the clock began, what the app's address does,
 * and whether hooks wait. machine.ts decides the phases. The rules are in DESIGN §3, "What starts a drain" and "One
 * deadline".
 */
import { type Budget, EXIT_RESERVE_MS, LEAST_GRACE_MS } from './budget.ts'
import type { Drain, Effect, Event, HookCall, State, Trigger } from './state.ts'

/** Whether it is proven that the pod stops. Without proof the listener stays open. */
export function proven({ triggers }: Drain): boolean {
  return triggers.includes('sidecar') || triggers.includes('signal')
}

/** Whether the kubelet itself has said that this container stops. A hook can be called by anybody. */
export function signalled({ triggers }: Drain): boolean {
  return triggers.includes('signal')
}

/**
 * Whether the process may exit: after a signal, or when the app has ended in a drain with proof. A native sidecar gets
 * its signal only after the app has ended. An app that was never there has not ended.
 */
export function mayEnd(drain: Drain): boolean {
  return signalled(drain) || (proven(drain) && drain.app === 'gone' && drain.appMet)
}

/**
 * When the drain is over, whatever is still in flight; undefined without a trigger of the kubelet. Without a signal,
 * this is when a real stop would have brought one. With a signal, it is the one deadline, but the kubelet leaves 2 s
 * after a SIGTERM, however late that comes.
 */
export function overAt({ clockAt, signalAt, app }: Drain, budget: Budget): number | undefined {
  if (clockAt === undefined) return undefined
  if (signalAt === undefined) return clockAt + budget.falseAlarmMs
  const deadline = clockAt + budget.cutMs
  // The signal of a native sidecar comes this late if its app was killed at the end of the grace period. If the app is
  // still there, the hook was not the kubelet's, so the stop and its clock begin with the signal.
  if (signalAt >= deadline && app !== 'gone') return signalAt + budget.cutMs
  return Math.max(deadline, signalAt + LEAST_GRACE_MS - EXIT_RESERVE_MS)
}

/**
 * The app's container is about to be stopped but, as far as we know, the pod is not: the app may come back, and then
 * lastcall serves again.
 */
export function appStops(drain: Drain): boolean {
  return drain.triggers.includes('app') && !proven(drain)
}

/** Whether the app's address matters. In a drain by an operator alone, the app is not expected to end. */
export function watched(drain: Drain): boolean {
  return proven(drain) || appStops(drain)
}

/**
 * How long until the stop cuts what is in flight, in ms. Without proof of a stop nothing is cut: then this is the whole
 * time.
 */
export function leftMs(state: State, now: number): number {
  if (state.phase === 'exited') return 0
  const { budget } = state
  if (!('drain' in state) || !proven(state.drain)) return budget.cutMs
  const { clockAt = now, signalAt } = state.drain
  const at = signalAt === undefined ? clockAt + budget.cutMs : overAt(state.drain, budget)
  return Math.max(0, (at ?? now) - now)
}

/** Whether there is evidence that something stops: proof for the pod, or the end of the app. */
export function evident(drain: Drain): boolean {
  return proven(drain) || drain.app !== 'there'
}

/** The part of the verdict that comes from the facts of the drain. */
export function summary(state: State): Omit<Extract<Effect, { kind: 'verdict' }>, 'kind'> {
  if (!('drain' in state)) return { triggers: [], appWent: false }
  return { triggers: state.drain.triggers, appWent: state.drain.app !== 'there' }
}

/** The facts of a drain that begins with this event. */
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

/** The facts that remain when a drain by hooks is over but an operator has drained lastcall, too. */
export function onlyOperators({ appUp, appMet, settled }: Drain): Drain {
  const nothing = { clockAt: undefined, signalAt: undefined, calls: [], hooks: { kind: 'none' } } as const
  return { ...nothing, triggers: ['operator'], app: 'there', appUp, appMet, settled }
}

/** The facts after this event. */
export function told(drain: Drain, event: Event, now: number, budget: Budget): Drain {
  switch (event.kind) {
    case 'app-up':
      // A healthy app accepts connections; the watch of its address may report that a moment later.
      return { ...drain, appUp: true, appMet: true, app: drain.app === 'gone' ? 'back' : drain.app }
    case 'app-down':
      return { ...drain, appUp: false }
    case 'app-gone':
      return watched(drain) ? { ...drain, app: 'gone' } : drain
    case 'app-back':
      return { ...drain, appMet: true, app: drain.app === 'gone' ? 'back' : drain.app }
    case 'app-restarted':
      // In a pod that stops nobody restarts a container, so what the watch saw there was not a restart of the app.
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

/** Adds a trigger. The clock starts at the kubelet's first one. */
function asked(drain: Drain, trigger: Trigger, now: number, budget: Budget): Drain {
  if (drain.triggers.includes(trigger)) return drain
  const triggers = [...drain.triggers, trigger]
  if (trigger === 'operator') return { ...drain, triggers }
  const proves = !proven(drain) && proven({ ...drain, triggers })
  const anew = proves && wasRestart(drain, now, budget)
  return { ...drain, triggers, clockAt: anew ? now : (drain.clockAt ?? now) }
}

/**
 * Whether an unproven drain was only about a restart of the app, so that the stop of the pod, and its clock, begin with
 * the proof. Either the app has come back, and in a pod that stops nobody restarts it; or the deadline has passed, and
 * in a pod that stops the kubelet would have killed lastcall by now.
 */
function wasRestart({ app, clockAt }: Drain, now: number, { cutMs }: Budget): boolean {
  return app === 'back' || (clockAt !== undefined && clockAt + cutMs <= now)
}

function withCall(calls: readonly HookCall[], call: HookCall): readonly HookCall[] {
  return calls.some(({ who }) => who === call.who) ? calls : [...calls, call]
}
