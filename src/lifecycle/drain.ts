/**
 * The facts of a drain, pure: who asked for it, whether that proves that the pod stops, when the clock began, what
 * the app's address does, and whether hooks wait. Decides no phase: that is machine.ts. The rules are DESIGN §3,
 * "What starts a drain" and "One deadline".
 */
import type { Budget } from './budget.ts'
import type { Drain, Event, Trigger } from './state.ts'

/** Whether the pod is known to stop. Nothing less closes the listener or ends the process. */
export function proven({ triggers }: Drain): boolean {
  return triggers.includes('sidecar') || triggers.includes('signal')
}

/** The app's container is about to be stopped, the pod is not (as far as we know): the app may come back, and so may we. */
export function appStops(drain: Drain): boolean {
  return drain.triggers.includes('app') && !proven(drain)
}

/** Whether the app's address matters: an operator's drain expects nothing of the app. */
export function watched(drain: Drain): boolean {
  return proven(drain) || appStops(drain)
}

/** A drain that begins with this event. */
export function begun(event: Event, appUp: boolean, now: number, budget: Budget): Drain {
  const fresh: Drain = { triggers: [], clockAt: undefined, app: 'there', appUp, hooks: { kind: 'none' } }
  return told(fresh, event, now, budget)
}

/** The drain with what the event tells. */
export function told(drain: Drain, event: Event, now: number, budget: Budget): Drain {
  switch (event.kind) {
    case 'app-up':
      // Healthy, so it accepts: the watch may say so a moment later.
      return { ...drain, appUp: true, app: drain.app === 'gone' ? 'back' : drain.app }
    case 'app-down':
      return { ...drain, appUp: false }
    case 'app-gone':
      return watched(drain) ? { ...drain, app: 'gone' } : drain
    case 'app-back':
      return drain.app === 'gone' ? { ...drain, app: 'back' } : drain
    case 'hook':
      return { ...asked(drain, event.who, now, budget), hooks: { kind: 'waiting' } }
    case 'signal':
      return asked(drain, 'signal', now, budget)
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
  const triggers = drain.triggers.includes(trigger) ? drain.triggers : [...drain.triggers, trigger]
  if (trigger === 'operator') return { ...drain, triggers }
  // Proof that comes after the deadline of an unproven drain tells that its trigger was no stop of this pod (the
  // kubelet would have killed us): an app that restarts for minutes. The stop, and its clock, begin with the proof.
  const expired = !proven(drain) && drain.clockAt !== undefined && drain.clockAt + budget.cutMs <= now
  const restart = expired && proven({ ...drain, triggers })
  return { ...drain, triggers, clockAt: restart ? now : (drain.clockAt ?? now) }
}
