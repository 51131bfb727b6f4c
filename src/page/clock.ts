/** Draws the drain's clock. */
import type { LiveParts } from '../proxy/admin/live.ts'
import { type Course, courseOf } from './course.ts'
import { byId, make, mark, resize, say } from './dom.ts'
import { duration, setting } from './wording.ts'

const spentList = byId('spent')
const ticks = byId('ticks')
const marks = byId('marks')
const elapsedText = byId('elapsed')

export function drawClock(
  terms: LiveParts['terms'],
  drain: LiveParts['drain'],
  phase: string,
  now: number,
): void {
  const course = courseOf(terms.budget, drain, now)
  const percent = (ms: number): string => `${(100 * ms) / course.end}%`
  say(elapsedText, summary(course, terms, drain, phase, now))

  const pieces = resize(spentList, course.spent.length, 'i')
  course.spent.forEach(({ phase: name, from, to }, i) => {
    const piece = pieces[i]!
    mark(piece, 'phase', name)
    piece.style.left = percent(from)
    piece.style.width = percent(to - from)
  })

  const lines = resize(ticks, course.marks.length, 'i')
  const items = resize(marks, course.marks.length, 'li')
  course.marks.forEach(({ name, title, at, state }, i) => {
    lines[i]!.style.left = percent(at)
    mark(lines[i]!, 'off', state === 'off' ? '' : undefined)
    const item = items[i]!
    if (item.childElementCount === 0) item.append(make('b'), name)
    item.title = title
    mark(item, 'state', state)
    say(item.firstElementChild!, state === 'off' ? 'none' : drain === null ? setting(at) : duration(at))
  })
}

function summary(
  { elapsed }: Course,
  { budget }: LiveParts['terms'],
  drain: LiveParts['drain'],
  phase: string,
  now: number,
): string {
  if (drain === null) return 'what a drain would take if it began now'
  const so =
    drain.clockAt === null
      ? `${duration(elapsed)}, without a deadline`
      : `${duration(elapsed)} of ${setting(budget.grace)}`
  if (phase !== 'lame-duck' || drain.quietFrom === null) return so
  return `${so} · quiet for ${duration(Math.min(now - drain.quietFrom, budget.quiet))} of ${setting(budget.quiet)}`
}
