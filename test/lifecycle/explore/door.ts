/** The door as the orders of the machine leave it: obeyed in their order, as orders.ts does. */
import type { Effect, Event } from '../../../src/proxy/lifecycle/state.ts'
import type { Door } from './position.ts'

/** The watch has told it. */
export function told(door: Door, { kind }: Event): Door {
  if (kind === 'app-gone') return { ...door, watch: 'gone' }
  return kind === 'app-back' || kind === 'app-restarted' ? { ...door, watch: 'there' } : door
}

/** The door after these orders, and whether one of them changed nothing. */
export function obey(door: Door, effects: readonly Effect[]): { door: Door; repeated: boolean } {
  let now = door
  let repeated = false
  for (const effect of effects) {
    const next = ordered(now, effect)
    if (next === undefined) continue
    repeated ||= Object.entries(next).every(([what, value]) => now[what as keyof Door] === value)
    now = turned(now, next)
  }
  return { door: now, repeated }
}

function turned(door: Door, by: Partial<Door>): Door {
  return { ...door, ...by }
}

/** What an order asks of the door; undefined if it is none. */
function ordered(door: Door, effect: Effect): Partial<Door> | undefined {
  switch (effect.kind) {
    case 'open-listener':
    case 'close-listener':
      return { open: effect.kind === 'open-listener' }
    case 'client-mode':
      return { clientMode: effect.clientMode }
    case 'queue-requests':
      return { queues: effect.on }
    case 'app-lost':
      return { appLost: effect.on }
    case 'watch-app':
      if (!effect.on) return { watch: 'off' }
      return { watch: door.watch === 'off' ? 'nothing' : door.watch }
    case 'moved':
    case 'close-idle':
    case 'answer-hooks':
    case 'false-alarm':
    case 'cut':
    case 'verdict':
    case 'exit':
      break
  }
  return undefined
}
