/** A finding as a story for people: each move with its time, the phase, and what the machine ordered. Pure. */
import type { Effect } from '../../../src/proxy/lifecycle/state.ts'
import type { Finding, World } from './explore.ts'
import { type Played } from './moves.ts'
import { phaseOf } from './position.ts'

/** The moves that are worth telling: time that only passes has no line of its own, unless the story ends with it. */
export function telling(story: readonly Played[]): readonly Played[] {
  return story.filter(
    ({ move, stepped }, index) => move.kind !== 'time' || stepped || index === story.length - 1,
  )
}

/** What the machine ordered at one move, in words. */
export function ordersOf({ effects }: Played): string {
  return effects.map((effect) => text(effect)).join(', ')
}

/** The story as text. */
export function tell({ broken, story }: Finding, { name }: World): string {
  const lines = telling(story).map((played) => line(played))
  return [`broken: ${broken}`, `world: ${name}`, ...lines].join('\n')
}

function line(played: Played): string {
  const { move, before, after, inFlight } = played
  const time = `${(after.now / 1000).toFixed(3)} s`.padStart(10)
  const flight = inFlight > 0 ? 'in flight' : ''
  return `${time}  ${phaseOf(before).padEnd(9)}  ${flight.padEnd(9)}  ${move.name.padEnd(34)}  ${ordersOf(played)}`.trimEnd()
}

function text(effect: Effect): string {
  switch (effect.kind) {
    case 'moved':
      return `-> ${effect.to} (${effect.why})`
    case 'client-mode':
      return `${effect.kind} ${effect.clientMode}`
    case 'queue-requests':
    case 'app-lost':
    case 'watch-app':
      return `${effect.kind} ${effect.on ? 'on' : 'off'}`
    case 'exit':
      return `exit ${effect.code}`
    case 'open-listener':
    case 'close-listener':
    case 'close-idle':
    case 'answer-hooks':
    case 'false-alarm':
    case 'cut':
    case 'verdict':
      break
  }
  return effect.kind
}
