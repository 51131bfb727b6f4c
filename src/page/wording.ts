/** What the page says of a phase, of a trigger and of times. Pure. */
import type { LiveParts } from '../proxy/admin/live.ts'

/** `0.4 s`, `12.3 s`, `4 min 5 s`, `3 h 20 min`; `tenths` as long as they can be read. */
export function duration(ms: number, tenths = true): string {
  const least = Math.max(0, ms)
  if (least < 59_950) return tenths ? `${(least / 1000).toFixed(1)} s` : `${Math.round(least / 1000)} s`
  const seconds = Math.round(least / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`
}

/** As it was set: `3 s`, `1.5 s`, `10 min`. */
export function setting(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`
  return `${Number((ms / 1000).toFixed(2))} s`
}

const TRIGGERS: Readonly<Record<string, string>> = {
  app: 'the preStop hook of the app',
  sidecar: 'the preStop hook of lastcall',
  signal: 'a signal',
  operator: 'an operator',
}

/** `for 3.2 s · not ready · drained by an operator` */
export function facts({ ready, triggers }: LiveParts['phase'], ageMs: number): string {
  const by = triggers.map((trigger) => TRIGGERS[trigger] ?? trigger).join(', ')
  const parts = [`for ${duration(ageMs, ageMs < 10_000)}`, ready ? 'ready' : 'not ready']
  return [...parts, ...(by === '' ? [] : [`asked by ${by}`])].join(' · ')
}

/** One sentence for who sees the phase for the first time. */
export function meaning({ name, ready, proof, triggers }: LiveParts['phase'], appUp: boolean): string {
  switch (name) {
    case 'starting':
      return 'The app has not been healthy yet. Requests wait for it at the door.'
    case 'serving':
      return ready
        ? 'Requests come in and are passed to the app.'
        : `lastcall serves, but the pod is not ready: the app is ${appUp ? 'healthy' : 'down'}.`
    case 'settling':
      return `${ready ? 'Still' : 'Not ready any more, still'} serving as ever, while the endpoints propagate.`
    case 'lame-duck':
      return 'Every response tells its client to connect elsewhere from now on.'
    case 'draining':
      return proof
        ? 'New connections are refused. What is in flight finishes.'
        : 'What is in flight finishes. New requests are still served, as nothing proves that the pod stops.'
    case 'drained':
      return triggers.every((trigger) => trigger === 'operator')
        ? 'What was in flight has finished. It stays drained until somebody resumes.'
        : 'Nothing is in flight. The app may stop.'
    case 'exiting':
      return 'The app has gone. The last clients hang up.'
    default:
      return 'The process has ended.'
  }
}

/** The end of an axis that has to hold this much: 10 s, 30 s, 1 min, ... */
export function axisEnd(ms: number): number {
  const steps = [10, 20, 30, 60, 120, 300, 600, 1800, 3600]
  const seconds = steps.find((step) => step * 1000 >= ms)
  return seconds === undefined ? Math.ceil(ms / 3_600_000) * 3_600_000 : seconds * 1000
}
