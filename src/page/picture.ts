/** Lights the present phase in the picture of the lifecycle, those that led to it, and the ways out of it. */
import type { LiveParts } from '../proxy/admin/live.ts'
import { mark, say } from './dom.ts'
import { duration } from './wording.ts'

const phases = [...document.querySelectorAll<SVGGElement>('.phase')]
const ways = [...document.querySelectorAll<SVGGElement>('.way')]

export function lightPicture(present: string): void {
  for (const way of ways)
    mark(way, 'open', way.getAttribute('data-from')!.split(' ').includes(present) ? '' : undefined)
}

/** Also how long each took. */
export function drawPicture(
  { name: present, since }: LiveParts['phase'],
  drain: LiveParts['drain'],
  now: number,
): void {
  const steps = drain?.phases ?? []
  for (const phase of phases) {
    const name = phase.getAttribute('data-phase')!
    let took = name === present && steps.length === 0 ? now - since : 0
    steps.forEach(([step, at], i) => {
      if (step === name) took += (steps[i + 1]?.[1] ?? now) - at
    })
    const passed = steps.some(([step]) => step === name)
    mark(phase, 'state', name === present ? 'lit' : passed ? 'passed' : undefined)
    const shown = passed || name === present
    say(phase.querySelector('.took')!, shown && name !== 'exited' ? duration(took, took < 10_000) : '')
  }
}
